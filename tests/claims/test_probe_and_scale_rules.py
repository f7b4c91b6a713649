"""Debugging by what programs saw, distribution by efficiency: the data decide, either way."""

from __future__ import annotations

from typing import Any

import pytest
from evidences import NOW, found, graphs, seen, view

from isograd.claims.rules import RULES
from isograd.evidence import Evidence

probing = pytest.importorskip("isograd.probes.result")
scaling = pytest.importorskip("isograd.scaling.record")

ANSWERS = {"torch/eager": "yes", "torch/jit": "no"}
STEP = ("forward", "loss", "backward", "update")


def probed(question: str, answers: dict[str, str | None]) -> Evidence:
    asked = [probing.Asked(question, f"Is {question} so?", "")]
    given = [
        probing.Answer(question, *mode.split("/"), status="ok" if one else "crashed", answer=one)
        for mode, one in answers.items()
    ]
    return Evidence(probes=[found(probing.Probes("", NOW.isoformat(), {}, asked, given))])


def test_dynamic_graphs_are_easier_to_debug_where_static_modes_answer_less() -> None:
    outcome = RULES["dynamic-debugging"](probed("nan-is-located", ANSWERS))
    assert outcome.verdict == "holds"
    assert outcome.result.startswith("Harder than in eager mode: PyTorch jit.")
    turned = probed("nan-is-located", {"torch/eager": "no", "torch/jit": "partly"})
    assert RULES["dynamic-debugging"](turned).verdict == "does not hold"


def test_what_is_as_easy_is_not_easier() -> None:
    same = probed("nan-is-located", {"torch/eager": "yes", "torch/jit": "yes"})
    assert RULES["dynamic-debugging"](same).verdict == "does not hold"


def test_an_answer_that_could_not_be_had_keeps_it_from_holding() -> None:
    half = probed("nan-is-located", {**ANSWERS, "torch/compile": None})
    assert RULES["dynamic-debugging"](half).verdict == "depends"
    unknown = probed("nan-is-located", {"torch/eager": None, "torch/jit": "no"})
    assert RULES["dynamic-debugging"](unknown).verdict == "not testable"


def test_other_questions_say_nothing_about_debugging() -> None:
    assert RULES["dynamic-debugging"](probed("jacobians", ANSWERS)).verdict == "not testable"


def test_a_graph_before_the_first_run_is_more_to_inspect() -> None:
    early = probed("graph-before-run", {"torch/eager": "no", "torch/compile": "yes"})
    assert RULES["static-inspectable"](early).verdict == "holds"
    late = probed("graph-before-run", {"torch/eager": "no", "torch/compile": "no"})
    assert RULES["static-inspectable"](late).verdict == "does not hold"
    late.graphs = seen(
        graphs(view("torch/dynamic", *STEP, tied=False), view("torch/aot", *STEP))
    ).graphs
    outcome = RULES["static-inspectable"](late)
    assert outcome.verdict == "depends"
    assert len(outcome.evidence) == 2


def engine(
    framework: str, efficiency: float, workers: int, spread: float = 0.01, **more: Any
) -> Any:
    run = scaling.Run(workers, 64, "", status="ok", **more)
    run.efficiency = scaling.Estimate(efficiency, efficiency - spread, efficiency + spread)
    return scaling.EngineResult(f"{framework}-engine", framework, "", "", "ok", runs=[run])


def scaled(*engines: Any) -> Evidence:
    record = scaling.Scaling("", NOW.isoformat(), {}, {}, {}, {}, {}, engines=list(engines))
    return Evidence(scalings=[found(record)])


def pair(tensorflow: float, torch: float, workers: int = 16, **more: Any) -> Evidence:
    return scaled(
        engine("tensorflow", tensorflow, workers, **more), engine("torch", torch, workers, **more)
    )


def test_the_framework_that_loses_less_of_its_speed_scales_better() -> None:
    assert RULES["tf-distribution"](pair(0.9, 0.6)).verdict == "holds"
    assert RULES["tf-distribution"](pair(0.6, 0.9)).verdict == "does not hold"


def test_no_measurable_difference_is_not_better() -> None:
    assert RULES["tf-distribution"](pair(0.9, 0.9)).verdict == "does not hold"
    assert RULES["tf-distribution"](pair(0.9, 0.8, spread=0.2)).verdict == "not testable"


def test_two_workers_say_nothing_about_large_scale() -> None:
    outcome = RULES["tf-distribution"](pair(0.9, 0.6, workers=2))
    assert outcome.verdict == "not testable"
    assert "With 2 workers TensorFlow reaches 90.0%" in outcome.result
    assert "beyond 2 workers" in outcome.result


def test_workers_that_share_a_processor_do_not_count() -> None:
    assert RULES["tf-distribution"](pair(0.9, 0.6, crowded=True)).figures == []


def test_the_best_engine_of_each_framework_is_what_counts() -> None:
    both = scaled(
        engine("tensorflow", 0.5, 16), engine("tensorflow", 0.95, 16), engine("torch", 0.6, 16)
    )
    assert RULES["tf-distribution"](both).verdict == "holds"


def test_one_framework_alone_is_compared_with_nothing() -> None:
    assert RULES["tf-distribution"](scaled(engine("torch", 0.6, 16))).figures == []
