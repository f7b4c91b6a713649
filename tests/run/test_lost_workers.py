"""A worker that crashes or hangs costs its own mode, with the reason; the others go on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from isograd.bench import workbench
from isograd.measure.process import WorkerProcess
from isograd.result import Result
from isograd.run.folders import new_directory
from isograd.run.prove import prove
from isograd.training import Recipe

RECIPE = Recipe("binary_cross_entropy", batch_size=32)
WORKER_FAILED = 4


class Sends:
    """Progress that sends a signal to a worker when a phase begins."""

    def __init__(self, which: int, phase: str, signal_number: int) -> None:
        self.which, self.when, self.signal_number = which, phase, signal_number
        self.workers: list[WorkerProcess] = []

    def phase(self, description: str, total: int) -> None:
        if description == self.when:
            worker = self.workers[self.which]
            worker.timeout_s = 1.0
            os.kill(worker.pid, self.signal_number)

    def advance(self, detail: str = "") -> None:
        pass


@pytest.fixture
def sends(monkeypatch: pytest.MonkeyPatch):
    def make(which: int, phase: str, signal_number: int) -> Sends:
        progress = Sends(which, phase, signal_number)

        class Kept(WorkerProcess):
            def __init__(self, *arguments: object, **options: object) -> None:
                super().__init__(*arguments, **options)  # type: ignore[arg-type]
                progress.workers.append(self)

        monkeypatch.setattr(workbench, "WorkerProcess", Kept)
        return progress

    return make


@pytest.mark.parametrize(
    ("signal_number", "status", "words"),
    [(signal.SIGSEGV, "crashed", "SIGSEGV"), (signal.SIGSTOP, "timed out", "no answer for 1 s")],
)
def test_the_others_are_proven_without_it(
    sends, signal_number: int, status: str, words: str
) -> None:
    progress = sends(1, "proving", signal_number)
    report = prove("bce-mlp", recipe=RECIPE, modes=["torch/eager", "torch/jit"], progress=progress)
    kept, lost = report.modes
    assert (kept.status, kept.verdict) == ("ok", "equivalent")
    assert (lost.status, lost.verdict) == (status, None)
    assert words in lost.reason
    assert not any(psutil.pid_exists(worker.pid) for worker in progress.workers)


def test_without_a_folder_named_each_run_gets_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [new_directory(None, "lenet", Result) for _ in range(3)]
    assert len(set(folders)) == len(folders)
    assert all(folder.parent.name == "isograd-runs" for folder in folders)
