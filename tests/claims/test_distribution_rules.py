"""Distribution is judged by efficiency on several workers: the data decide, either way."""

from __future__ import annotations

from typing import Any

from evidences import NOW, found

from isograd.claims.rules import RULES
from isograd.evidence import Evidence
from isograd.scaling.record import EngineResult, Estimate, Run, Scaling


def engine(
    framework: str, efficiency: float, workers: int, spread: float = 0.01, **more: Any
) -> EngineResult:
    run = Run(workers, 64, "", status="ok", **more)
    run.efficiency = Estimate(efficiency, efficiency - spread, efficiency + spread)
    return EngineResult(f"{framework}-engine", framework, "", "", "ok", runs=[run])


def scaled(*engines: EngineResult) -> Evidence:
    record = Scaling("", NOW.isoformat(), {}, {}, {}, {}, {}, engines=list(engines))
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
    hidden = RULES["tf-distribution"](pair(0.9, 0.8, spread=0.2))
    assert hidden.verdict == "not testable"
    assert "too wide to tell them apart" in hidden.result


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
