"""One cell's process: started, trained for a few steps, ready to be timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isograd.bench.timing import StepArm
from isograd.bench.workbench import Bench, Setting, write_source
from isograd.errors import MissingDependency
from isograd.frameworks import installed
from isograd.frameworks.side import native_inputs
from isograd.ir.graph import Weights
from isograd.ir.mapping import Array
from isograd.measure.process import RemoteExecutor
from isograd.result import Mode
from isograd.sweeping.cell import Task
from isograd.sweeping.lesson import Lesson
from isograd.sweeping.race import Quantity

WARM_UP_CALLS = 3
"""Calls of inference after the first one, before anything is timed."""


@dataclass(frozen=True)
class Seen:
    """What a network did: outputs of a batch before any training, and the losses of the first
    training steps."""

    outputs: NDArray[np.floating]
    losses: NDArray[np.floating]


class InferenceArm:
    """Calls of one executor in evaluation mode with one batch, for the schedule."""

    def __init__(self, executor: RemoteExecutor, inputs: tuple[Array, ...], label: str) -> None:
        self.label = label
        self._executor, self._inputs = executor, inputs

    def run(self, steps: int) -> Sequence[float]:
        """Nanoseconds of each of ``steps`` calls, from arrays to arrays."""
        return [1e9 * self._executor.timed_forward(*self._inputs)[0] for _ in range(steps)]


class Running:
    """A process in which a cell's network runs. ``cell`` may be the task's or its baseline's."""

    def __init__(self, task: Task, lesson: Lesson, folder: Path, *, baseline: bool) -> None:
        self.cell = task.baseline if baseline else task.cell
        self.lesson = lesson
        if not installed(self.cell.framework):
            raise MissingDependency(
                f"{self.cell.framework} is not installed.",
                hint=f"Install it: pip install 'isograd[{self.cell.framework}]'",
            )
        setting = Setting(
            lesson.model.graph,
            lesson.recipe,
            folder,
            device=task.conditions.device,
            threads=task.conditions.threads,
            timeout_s=task.timeout_s,
        )
        mode = Mode(self.cell.framework, self.cell.mode)
        emitted = write_source(setting, self.cell.framework)
        self.random = bool(emitted.dropouts)
        self.bench = Bench(setting, mode, emitted)
        try:
            self._warm_up()
        except BaseException:
            self.bench.worker.kill()
            raise

    def _warm_up(self) -> None:
        """The first step of a fresh process, then what is looked at, then calls of inference."""
        lesson, bench = self.lesson, self.bench
        bench.start()
        side = bench.side(precision=self.cell.precision)  # type: ignore[arg-type]
        assert isinstance(side.executor, RemoteExecutor)
        self._side, self.executor = side, side.executor
        side.load_data(lesson.inputs, lesson.targets)
        side.set_state(lesson.start)
        self.first_call_s, _ = self.executor.timed_train(lesson.batches[:1])
        self.seen = self.look(lesson.start)
        for _ in range(WARM_UP_CALLS):
            side.forward(lesson.batch)

    def look(self, start: Weights) -> Seen:
        """What the network does from a state on."""
        self._side.set_state(start)
        outputs = self._side.forward(self.lesson.batch)
        losses = self._side.train(self.lesson.batches[: self.lesson.first]).losses
        return Seen(outputs, losses)

    def arm(self, quantity: Quantity, label: str) -> StepArm | InferenceArm:
        """What the schedule times."""
        if quantity == "step":
            return StepArm(self.executor, self.lesson.batches, label)
        graph, emitted = self.lesson.model.graph, self.bench.emitted
        return InferenceArm(self.executor, native_inputs(graph, emitted, self.lesson.batch), label)

    def close(self) -> None:
        """Ends the process."""
        self.bench.close()
