"""Every precision is trained from the same seeds, in turns with float32; what fails says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isograd.bench import workbench
from isograd.bench.training import Course
from isograd.data import load as load_data
from isograd.errors import UsageError, WorkerError
from isograd.frontier import Training
from isograd.measure.process import LocalWorker
from isograd.models import load
from isograd.run import precision
from isograd.run.precision import Lesson, train_precisions
from isograd.training import Recipe

LESSON = Lesson(epochs=1, seeds=2, measure_s=0.01)


class Here(LocalWorker):
    """Where the worker process would be; ``trouble`` is raised by executors of this precision."""

    trouble: Exception | None = None
    at: str = "bfloat16"

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def call(self, method: str, *arguments: Any) -> Any:
        if self.trouble and method == "open" and arguments[1].precision == self.at:
            raise self.trouble
        return super().call(method, *arguments)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> type[Here]:
    monkeypatch.setattr(workbench, "WorkerProcess", Here)
    monkeypatch.setattr(Here, "trouble", None)
    monkeypatch.setattr(Here, "at", "bfloat16")
    return Here


def train(folder: Path, *modes: str, **more: Any) -> list[Training]:
    model = load("mnist-mlp")
    course = Course.of(model.graph, load_data("digits", None), Recipe())
    return train_precisions(model, course, folder, modes=modes, lesson=LESSON, **more)


def test_bfloat16_learns_what_float32_learns(worker: type[Here], tmp_path: Path) -> None:
    told: list[Training] = []
    found = train(tmp_path, "torch/eager", on_training=told.append)
    assert told == found
    plain, lowered = found
    assert [one.precision for one in found] == ["float32", "bfloat16"]
    assert all(one.status == "ok" and len(one.loss) == len(one.quality) == 2 for one in found)
    assert plain.loss != lowered.loss
    assert lowered.verdict == "equivalent"
    assert lowered.quality == pytest.approx(plain.quality, abs=0.02)
    assert plain.step is None
    assert lowered.step is not None
    assert lowered.step.low <= lowered.step.ratio <= lowered.step.high
    assert bool(lowered.because) == (lowered.step.verdict == "slower")


@pytest.mark.parametrize(
    ("trouble", "status"),
    [(UsageError("It cannot.", hint="Do not."), "unsupported"),
     (WorkerError("It died.", status="crashed"), "crashed")],
)  # fmt: skip
def test_a_precision_that_cannot_be_had_says_why(
    trouble: Exception,
    status: str,
    worker: type[Here],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Here, "trouble", trouble)
    plain, lowered = train(tmp_path, "torch/eager")
    assert plain.status == "ok"
    assert (lowered.status, lowered.verdict, lowered.loss) == (status, None, [])
    assert lowered.reason.startswith(("It cannot. Do not.", "It died."))


def test_nothing_is_judged_without_float32(
    worker: type[Here], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Here, "trouble", WorkerError("It died.", status="crashed"))
    monkeypatch.setattr(Here, "at", "float32")
    plain, lowered = train(tmp_path, "torch/eager")
    assert plain.status == "crashed"
    assert lowered.verdict is None
    assert lowered.step is None


def test_a_framework_that_is_not_there_is_said_so(
    worker: type[Here], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "installed", lambda framework: False)
    found = train(tmp_path, "torch/eager")
    assert [one.status for one in found] == ["not installed"] * 2
    assert "isograd[torch]" in found[0].reason
    monkeypatch.setattr(precision, "installed", lambda framework: False)
    assert precision.usual_modes() == []
    assert train(tmp_path, *precision.usual_modes()) == []


def test_float16_is_refused_on_a_processor(worker: type[Here], tmp_path: Path) -> None:
    _, lowered = train(tmp_path, "torch/eager", precisions=("float16",))
    assert lowered.status == "unsupported"
    assert "GPU" in lowered.reason
