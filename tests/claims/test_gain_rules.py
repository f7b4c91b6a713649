"""Pruning, quantisation and mixed precision: speed, size and accuracy, each by itself."""

from __future__ import annotations

import pytest
from evidences import found, frontier, point, ratio, shipped

from isograd.claims.rules import RULES
from isograd.claims.rules.gains import PLAIN
from isograd.deploy.candidates import CANDIDATES
from isograd.evidence import Evidence
from isograd.frontier import Training


def test_pruning_improves_what_is_faster_and_smaller() -> None:
    outcome = RULES["pruning"](shipped(point("structured-50/torch/eager", 0.6, size=500)))
    assert outcome.verdict == "holds"
    assert outcome.result == "Faster: PyTorch structured (1.67×). Smaller: PyTorch structured (2×)."


def test_zeros_that_nothing_skips_do_not() -> None:
    outcome = RULES["pruning"](shipped(point("unstructured-80/torch/eager", 1.0)))
    assert outcome.verdict == "does not hold"


def test_the_kinds_of_pruning_are_told_apart() -> None:
    both = shipped(
        point("structured-50/torch/eager", 0.6, size=500), point("unstructured-80/torch/eager", 1.0)
    )
    outcome = RULES["pruning"](both)
    assert outcome.verdict == "depends"
    assert "Not smaller: PyTorch unstructured" in outcome.result


def test_accuracy_that_is_lost_speaks_against_it() -> None:
    """Five points of 10,000 examples, of which a tenth is answered otherwise."""
    dear = point("structured-50/torch/eager", 0.6, size=500, lost=5.0, agreement=0.9)
    outcome = RULES["pruning"](shipped(dear))
    assert outcome.verdict == "depends"
    assert "Less accurate: PyTorch structured." in outcome.result


def test_accuracy_that_chance_may_have_taken_leaves_it_open() -> None:
    doubtful = point("structured-50/torch/eager", 0.6, size=500, lost=0.6, agreement=0.8)
    outcome = RULES["pruning"](shipped(doubtful))
    assert "Less accurate" not in outcome.result
    assert [f.vote for f in outcome.figures] == ["for", "for", "open"]


def int8(id: str, time: float, **more: object) -> object:
    return point(id, time, technique="quantisation", precision="int8", verdict=None, **more)  # type: ignore[arg-type]


def test_int8_is_held_against_the_float32_form_with_the_same_runtime() -> None:
    plain = point("dense/torch/onnx", 0.4)
    quick = shipped(plain, int8("dense/torch/onnx-int8-static", 0.2, size=250))
    assert RULES["quantisation"](quick).verdict == "holds"
    slow = shipped(plain, int8("dense/torch/onnx-int8-static", 0.8, size=1200))
    outcome = RULES["quantisation"](slow)
    assert outcome.verdict == "does not hold"
    assert outcome.figures[0].value == pytest.approx(0.5)


def test_without_its_counterpart_a_form_says_nothing() -> None:
    assert RULES["quantisation"](shipped(int8("dense/torch/onnx-int8-static", 0.2))).verdict == (
        "not testable"
    )


def test_every_form_in_less_precision_has_a_counterpart_in_float32() -> None:
    by = {one.id: one for one in CANDIDATES}
    reduced = {one.id for one in CANDIDATES if one.precision != "float32"}
    assert set(PLAIN) == reduced
    for form, plain in PLAIN.items():
        assert by[plain].precision == "float32"
        assert by[plain].runtime == by[form].runtime


def trained(precision: str, step: float, verdict: str = "equivalent") -> Training:
    one = Training("torch", "compile", precision, "ok", deviation=0.1, verdict=verdict)  # type: ignore[arg-type]
    one.step = ratio(precision, "float32", step)
    return one


def trainings(*several: Training) -> Evidence:
    record = frontier()
    record.trainings = list(several)
    return Evidence(frontiers=[found(record)])


def test_mixed_precision_in_training() -> None:
    quick = trainings(trained("float32", 1.0), trained("bfloat16", 0.8))
    assert RULES["mixed-precision"](quick).verdict == "holds"
    assert RULES["mixed-precision"](trainings(trained("bfloat16", 1.3))).verdict == "does not hold"
    other = RULES["mixed-precision"](trainings(trained("bfloat16", 0.8, "different")))
    assert other.verdict == "depends"
    assert "Trained otherwise: PyTorch bfloat16, training." in other.result


def test_mixed_precision_in_calls() -> None:
    form = point("dense/torch/bfloat16", 2.0, technique="mixed precision", precision="bfloat16")
    outcome = RULES["mixed-precision"](shipped(form))
    assert outcome.verdict == "does not hold"
    assert not any("files" in figure.what for figure in outcome.figures)


def test_without_results_there_is_no_verdict() -> None:
    for id in ("pruning", "quantisation", "mixed-precision", "torch-jit", "tf-function"):
        assert RULES[id](Evidence()).verdict == "not testable"
