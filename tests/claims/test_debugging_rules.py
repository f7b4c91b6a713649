"""Debugging is judged by what programs saw in each mode: the data decide, either way."""

from __future__ import annotations

from evidences import NOW, found, graphs, seen, view

from isograd.claims.rules import RULES
from isograd.evidence import Evidence
from isograd.probes.result import Answer, Asked, Probes

ANSWERS = {"torch/eager": "yes", "torch/jit": "no"}
STEP = ("forward", "loss", "backward", "update")


def probed(question: str, answers: dict[str, str | None]) -> Evidence:
    asked = [Asked(question, f"Is {question} so?", "")]
    given = [
        Answer(question, *mode.split("/"), status="ok" if one else "crashed", answer=one)
        for mode, one in answers.items()
    ]
    return Evidence(probes=[found(Probes("", NOW.isoformat(), {}, asked, given))])


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
