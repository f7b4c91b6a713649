"""What a user sees of the forms of a network in the terminal."""

from __future__ import annotations

import io

import pytest
from points import BASELINE, frontier, point
from rich.console import Console

from isograd.frontier import Frontier, Training, Variant
from isograd.notation import numbers
from isograd.report.frontier_findings import findings
from isograd.report.terminal_frontier import render_frontier
from isograd.result import Comparison

INT8 = "dense/torch/onnx-int8-static"


def text(found: Frontier, width: int = 100, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    render_frontier(found, Console(file=file, width=width, force_terminal=False))
    file.seek(0)
    return file.read()


def some(**more: object) -> Frontier:
    found = frontier(
        point(verdict="equivalent"),
        point("dense/torch/compile", ratio=0.5, verdict="equivalent", pareto=True),
        point(INT8, ratio=0.3, size=104_000, quality=0.968, pareto=True),
        point("dense/torch/int8-dynamic", ratio=3.0, because="Activations are quantised here."),
        point("structured-50/torch/eager", ratio=0.8, size=200_000, quality=0.968),
        point("structured-50/torch/onnx-int8-static", ratio=0.2, size=60_000, quality=0.967),
        point("dense/tensorflow/xla", ratio=1.5, **more),
    )
    found.status = "complete"
    return found


def test_the_answer_comes_first_and_every_form_has_a_row() -> None:
    lines = text(some()).splitlines()
    assert "smaller" in lines[1]
    for form in ("eager", "compile", "onnx-int8-static", "int8-dynamic", "xla"):
        assert any(line.lstrip("* ").startswith(form) for line in lines)
    assert any(line.startswith("* compile") for line in lines)
    assert not any(line.startswith("* eager") for line in lines)


def test_forms_are_grouped_by_framework_and_variant() -> None:
    shown = text(some())
    places = [shown.index(f"{name}") for name in ("PyTorch, dense", "PyTorch, structured-50")]
    assert places == sorted(places)
    assert shown.index("TensorFlow, dense") > places[-1]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_it_fits_the_terminal(width: int) -> None:
    assert all(len(line.rstrip()) <= width for line in text(some(), width).splitlines())


def test_it_can_be_shown_without_unicode() -> None:
    assert "5.0x as fast" in text(some(), encoding="ascii")


def test_what_is_slower_is_told_with_the_reason() -> None:
    assert "PyTorch int8-dynamic: Activations are quantised here." in text(some())


def test_what_could_not_be_had_is_told_once_for_each_reason() -> None:
    reason = "The package torchao is not installed. pip install 'isograd[quantize]'"
    missing = {"status": "not installed", "reason": reason}
    found = some()
    found.points += [point(f"dense/torch/int8-{kind}", **missing) for kind in ("static", "qat")]
    shown = " ".join(text(found).split())
    assert f"PyTorch int8-static; PyTorch int8-qat: not installed: {reason}" in shown


def test_a_run_that_was_cut_off_says_so_first() -> None:
    found = some()
    found.status, found.reason = "partial", "interrupted while measuring"
    assert text(found).splitlines()[1] == "PARTIAL RESULT. interrupted while measuring"


def test_nothing_measured_is_said_in_words() -> None:
    assert text(frontier())
    assert findings(frontier()) == []
    assert findings(frontier(point(status="failed"))) == []


def test_findings_say_what_was_built_proven_and_quantised() -> None:
    said = findings(some(status="failed"))
    assert said[0].startswith("6 of 7 forms were built")
    assert "All 2 float32 forms" in said[1]
    assert said[2] == "2 of 2 int8 forms of the network itself lose at most 0.3 points."


def test_a_form_that_computes_something_else_is_named() -> None:
    found = some(verdict="different", max_abs=2e-3)
    assert any(
        said.startswith("TensorFlow xla is different: up to 2.0e-03") for said in findings(found)
    )
    assert not any("All" in said for said in findings(found))


def test_a_costly_quantisation_is_named() -> None:
    found = some()
    found.point(INT8).lost = 1.2
    (said,) = (said for said in findings(found) if "int8 forms" in said)
    assert "1 of 2" in said
    assert "PyTorch onnx-int8-static has 1.2 points lost" in said


def test_what_was_done_to_the_network_is_told_alone_and_together() -> None:
    (said,) = (said for said in findings(some()) if said.startswith("structured-50"))
    assert said.startswith("structured-50 alone: 0.2 points lost, 2.0× smaller, 0.80×")
    assert "as PyTorch onnx-int8-static: 0.3 points lost, 6.7× smaller" in said


def test_a_gain_that_more_training_may_have_made_says_so() -> None:
    found = some()
    found.variants = [Variant("structured-50", "half", 7, trained_steps=4685)]
    assert any("alone (trained 4,685 steps longer): " in said for said in findings(found))


def test_training_in_lower_precision_is_told_with_its_verdict() -> None:
    found = some()
    step = Comparison("bfloat16", "float32", 1.4, 1.38, 1.42, "slower")
    found.trainings = [
        Training("torch", "compile", "float32", status="ok"),
        Training("torch", "compile", "bfloat16", status="ok", verdict="equivalent", step=step),
    ]
    (said,) = (one for one in findings(found) if "trained in" in one)
    assert said.startswith("PyTorch compile, trained in bfloat16 and in float32: equivalent")
    assert "1.40× [1.38–1.42]" in said


def test_a_gain_of_nothing_is_no_headline() -> None:
    found = frontier(point(), point("dense/torch/grad", ratio=0.98, noise=0.0, size=399_000))
    assert "1.0×" not in text(found).splitlines()[2]


def test_one_float32_form_is_one() -> None:
    assert findings(frontier(point(verdict="equivalent")))[1].startswith("The float32 form is as")


def test_the_baseline_is_not_slower_than_itself() -> None:
    assert BASELINE not in text(some()).split("Slower here")[1]


def test_where_there_is_room_the_slowest_calls_are_shown() -> None:
    found = some()
    slowest = found.points[0].latencies[0]
    slowest.p99_ms = 777 * slowest.p50_ms
    shown = numbers.time(slowest.p99_ms * 1e3)
    assert shown in text(found, 160)
    assert shown not in text(found, 60)
