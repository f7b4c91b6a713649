"""A run keeps what it found, stops where it was told to, and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from points import BASELINE, point

from isograd.deploy.request import Request
from isograd.errors import UsageError
from isograd.frontier import Frontier, Point, Training, Variant
from isograd.models import Model
from isograd.result import Curve
from isograd.run import optimization
from isograd.run.optimize import optimize, resume
from isograd.run.referee import Expectation
from isograd.training import Recipe

ONLY = ("torch/eager", "torch/onnx", "torch/grad", "torch/compile")


class Machine:
    """Where the processes would be: every form takes this long, and this one does that."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.measured: list[str] = []
        self.trained = 0
        self.proven: list[str] = []
        self.lessons: list[Model] = []
        self.points: dict[str, Callable[[], Point]] = {}
        self.clock = 0.0
        self.takes_s = 0.0
        monkeypatch.setattr(optimization, "perf_counter", lambda: self.clock)
        monkeypatch.setattr(optimization, "Referee", lambda *_: self)
        monkeypatch.setattr(optimization, "Forms", lambda *_: self)
        monkeypatch.setattr(optimization, "measure_point", self.measure)
        monkeypatch.setattr(optimization, "proven", self.prove)
        monkeypatch.setattr(optimization, "train_precisions", self.train_precisions)
        monkeypatch.setattr(optimization, "sgemm_rate", lambda threads: 1e11)

    def train(self, graph: Any, course: Any, start: Any, epochs: int, seed: int) -> Any:
        self.trained += 1
        return start, Curve(seed, [1.0] * epochs, [0.9] * epochs, [1.0] * epochs)

    def expect(self, *_: Any) -> Expectation:
        return Expectation(0.97, np.zeros((1, 1)), np.zeros((1, 1)), ())

    def measure(self, forms: Any, network: Any, candidate: Any, found: Frontier) -> Point:
        id = f"{network.name}/{candidate.id}"
        self.measured.append(id)
        self.clock += self.takes_s
        made = self.points.get(id, lambda: point(id, ratio=0.5))()
        made.command = ""
        return made

    def prove(self, network: Any, *_: Any) -> tuple[str, str]:
        self.proven.append(network.name)
        return "equivalent", ""

    def train_precisions(self, model: Model, *_: Any, on_training: Any, **__: Any) -> None:
        self.lessons.append(model)
        on_training(Training("torch", "compile", "bfloat16", status="ok"))

    def close(self) -> None:
        pass


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def interrupt() -> Point:
    raise KeyboardInterrupt


def request(**more: Any) -> Request:
    given = {"only": ONLY, "batches": (1, 8), "trainings": False, **more}
    return Request(Recipe("binary_cross_entropy"), "breast-cancer", **given)


def test_a_run_that_is_interrupted_goes_on_and_measures_nothing_twice(
    machine: Machine, tmp_path: Path
) -> None:
    machine.points["dense/torch/grad"] = interrupt
    found, folder = optimize("bce-mlp", request(), out=tmp_path / "run")
    assert (found.status, found.reason) == ("partial", "interrupted while measuring")
    assert found.exit_code == 4
    assert found.more
    assert [one.id for one in found.points] == ["dense/torch/eager", "dense/torch/onnx"]
    assert Frontier.read(folder / "frontier.json").to_json() == found.to_json()

    machine.points.clear()
    machine.measured.clear()
    again, _ = resume(folder)
    assert (again.status, again.exit_code, again.more) == ("complete", 0, False)
    assert machine.measured == ["dense/torch/grad", "dense/torch/compile"]
    assert machine.trained == 1
    assert [one.id for one in again.points] == [f"dense/{id}" for id in ONLY]


def folded(name: str, _: Any, dense: Any, *rest: Any) -> Any:
    return dense.graph, dense.weights, Variant(name, "folded", 7, trained_steps=3)


def test_a_variant_is_made_once_and_measured(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(optimization, "made", folded)
    asked = request(variants=("structured-50",), only=("structured-50/torch/eager",))
    found, folder = optimize("bce-mlp", asked, out=tmp_path / "run")
    assert machine.measured == [BASELINE, "structured-50/torch/eager"]
    assert [(one.name, one.quality) for one in found.variants] == [
        ("dense", 0.97),
        ("structured-50", 0.97),
    ]
    found.points.pop()
    (folder / "frontier.json").write_text(found.to_json())
    monkeypatch.delattr(optimization, "made")
    again, _ = resume(folder)
    assert machine.measured[2:] == ["structured-50/torch/eager"]
    assert again.variants == found.variants


def test_a_variant_that_cannot_be_had_says_why(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: Any) -> Any:
        raise UsageError("No channel can be taken out.")

    monkeypatch.setattr(optimization, "made", refuse)
    asked = request(variants=("structured-50",), only=("structured-50/torch/eager",))
    found, _ = optimize("bce-mlp", asked, out=tmp_path / "run")
    last = found.point("structured-50/torch/eager")
    assert (last.status, last.reason) == ("unsupported", "No channel can be taken out.")
    assert found.status == "complete"


def test_what_failed_is_tried_again_in_the_same_place(machine: Machine, tmp_path: Path) -> None:
    machine.points["dense/torch/grad"] = lambda: point("dense/torch/grad", status="crashed")
    found, folder = optimize("bce-mlp", request(), out=tmp_path / "run")
    assert found.status == "complete"
    machine.points.clear()
    machine.measured.clear()
    again, _ = resume(folder)
    assert machine.measured == ["dense/torch/grad"]
    assert [one.status for one in again.points] == ["ok"] * 4


def test_the_baseline_comes_first_even_where_it_was_not_asked_for(
    machine: Machine, tmp_path: Path
) -> None:
    found, _ = optimize("bce-mlp", request(only=("torch/onnx",)), out=tmp_path / "run")
    assert machine.measured == [BASELINE, "dense/torch/onnx"]
    assert found.baseline == BASELINE


def test_without_a_baseline_nothing_can_be_said(machine: Machine, tmp_path: Path) -> None:
    machine.points[BASELINE] = lambda: point(status="failed", reason="It broke.")
    found, _ = optimize("bce-mlp", request(), out=tmp_path / "run")
    assert machine.measured == [BASELINE]
    assert "It broke." in found.reason
    assert found.exit_code == 4


def test_every_point_has_what_follows_from_all_of_them(machine: Machine, tmp_path: Path) -> None:
    machine.points["dense/torch/onnx"] = lambda: point("dense/torch/onnx", ratio=0.2, quality=0.965)
    found, _ = optimize("bce-mlp", request(), out=tmp_path / "run")
    last = found.point("dense/torch/onnx")
    assert last.lost == pytest.approx(0.5)
    assert last.pareto
    assert last.command.endswith("--no-trainings --only dense/torch/onnx")
    assert not found.point(BASELINE).pareto


def test_the_network_is_proven_and_trained_in_lower_precision_once(
    machine: Machine, tmp_path: Path
) -> None:
    everything = request(only=(), variants=("dense",), trainings=True)
    found, folder = optimize("bce-mlp", everything, out=tmp_path / "run")
    assert found.variants[0].verdict == "equivalent"
    assert [one.precision for one in found.trainings] == ["bfloat16"]
    resume(folder)
    assert machine.proven == ["dense"]
    (taught,) = machine.lessons
    assert taught.weights is None  # it starts from what each seed draws


def test_a_resumed_training_starts_where_the_first_one_would_have(
    machine: Machine, tmp_path: Path
) -> None:
    """Not from the trained weights that lie in the folder."""
    machine.points["dense/torch/onnx"] = interrupt
    everything = request(only=(), variants=("dense",), trainings=True)
    _, folder = optimize("bce-mlp", everything, out=tmp_path / "run")
    assert machine.lessons == []
    machine.points.clear()
    resume(folder)
    assert machine.lessons[0].weights is None


def test_points_that_were_asked_for_by_name_are_all_there_is(
    machine: Machine, tmp_path: Path
) -> None:
    found, _ = optimize("bce-mlp", request(trainings=True), out=tmp_path / "run")
    assert (found.trainings, machine.proven) == ([], [])


def test_what_is_slower_has_the_reason_from_its_figures(machine: Machine, tmp_path: Path) -> None:
    machine.points["dense/torch/grad"] = lambda: point("dense/torch/grad", ratio=3.0)
    found, _ = optimize("bce-mlp", request(), out=tmp_path / "run")
    assert "100% of a call of 2.40 ms" in found.point("dense/torch/grad").because
    assert found.point("dense/torch/compile").because == ""


def test_a_target_stops_the_search(machine: Machine, tmp_path: Path) -> None:
    machine.points["dense/torch/grad"] = lambda: point("dense/torch/grad", size=10)
    asked = request(target="accuracy>=0.97, size<1kB")
    found, _ = optimize("bce-mlp", asked, out=tmp_path / "run")
    assert found.answer == "dense/torch/grad"
    assert machine.measured == [BASELINE, "dense/torch/onnx", "dense/torch/grad"]
    assert (found.status, found.exit_code, found.more) == ("complete", 0, False)


def test_a_target_that_nothing_reaches_is_said_to_be_missed(
    machine: Machine, tmp_path: Path
) -> None:
    found, _ = optimize("bce-mlp", request(target="size<1B"), out=tmp_path / "run")
    assert len(found.points) == len(ONLY)
    assert (found.answer, found.exit_code) == (None, 1)


def test_no_point_is_begun_that_would_end_beyond_the_budget(
    machine: Machine, tmp_path: Path
) -> None:
    machine.takes_s = 4.0
    found, folder = optimize("bce-mlp", request(budget_s=10.0), out=tmp_path / "run")
    assert len(found.points) == 2
    assert "10 s" in found.reason
    assert (found.exit_code, found.more) == (0, True)
    again, _ = resume(folder)
    assert len(again.points) == len(ONLY)
    assert again.duration_s == pytest.approx(16.0)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"only": ("torch/eagr",)}, "Did you mean 'torch/eager'"),
        ({"target": "speed>9000"}, "quantity"),
        ({"variants": ("foldet",)}, "foldet"),
        ({"batches": ()}, "at least one"),
    ],
)
def test_bad_requests_are_refused_before_anything_starts(
    machine: Machine, tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        optimize("bce-mlp", request(**more), out=tmp_path / "run")
    assert words in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_result_is_not_written_over(machine: Machine, tmp_path: Path) -> None:
    optimize("bce-mlp", request(), out=tmp_path)
    with pytest.raises(UsageError, match="already holds a result"):
        optimize("bce-mlp", request(), out=tmp_path)


def test_only_a_run_can_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Cannot read"):
        resume(tmp_path)
