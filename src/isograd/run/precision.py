"""Training in lower precision: whether it ends where float32 ends, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from isograd.bench.timing import StepArm
from isograd.bench.training import Course
from isograd.bench.workbench import Bench, Setting, Workbench
from isograd.data import batch_order
from isograd.errors import UsageError, WorkerError
from isograd.frameworks import installed
from isograd.frameworks.protocol import Precision
from isograd.frameworks.side import Side
from isograd.frontier import Training
from isograd.measure.environment import environment
from isograd.measure.process import RemoteExecutor
from isograd.measure.schedule import measure
from isograd.measure.stats import ratio
from isograd.models import Model
from isograd.progress import Progress, Silent
from isograd.result import Mode
from isograd.run.precision_verdicts import judge

PLAIN: Precision = "float32"

QUICKEST = {"torch": "compile", "tensorflow": "function"}
"""The mode of each framework that is trained in where no other is asked for: where the whole step
is one graph, casts cost least."""


@dataclass(frozen=True)
class Lesson:
    """How precisions are compared: one training for each of ``seeds``, ``epochs`` long; step times
    measured in turns for about ``measure_s`` seconds."""

    epochs: int = 5
    seeds: int = 3
    measure_s: float = 4.0
    device: str = "cpu"
    threads: int = 1
    timeout_s: float = 600.0


def train_precisions(
    model: Model,
    course: Course,
    directory: Path,
    *,
    modes: Sequence[str] | None = None,
    precisions: Sequence[Precision] = ("bfloat16",),
    lesson: Lesson | None = None,
    progress: Progress | None = None,
    on_training: Callable[[Training], None] = lambda training: None,
) -> list[Training]:
    """Trains in float32 and in each of ``precisions``, from the same states on the same batches.

    Args:
        model: the network; each seed starts from its ``initial_state``.
        course: the data and the recipe.
        directory: where sources and logs go.
        modes: words such as ``torch/eager`` or ``tensorflow``; by default `QUICKEST` of each
            framework that is installed.
        precisions: what is held against float32.
        lesson: how many seeds, how long.
        progress: who is told about it.
        on_training: gets each record as soon as it is whole.

    Returns float32's record first, then one of each precision, mode by mode. A training that could
    not be had says why in its ``status`` and ``reason``; Ctrl-C comes through.

    """
    classroom = Classroom(model, course, directory, lesson or Lesson(), progress or Silent())
    found = []
    for training in classroom.trainings(usual_modes() if modes is None else modes, precisions):
        on_training(training)
        found.append(training)
    return found


def usual_modes() -> list[str]:
    """`QUICKEST` of each framework that is installed."""
    return [f"{name}/{mode}" for name, mode in QUICKEST.items() if installed(name)]


class Classroom:
    """The trainings of one network. All precisions of a mode share a process, so that they differ
    in nothing else."""

    def __init__(
        self, model: Model, course: Course, directory: Path, lesson: Lesson, progress: Progress
    ) -> None:
        self.model, self.course, self.lesson = model, course, lesson
        self.directory, self.progress = directory, progress
        on_processor = lesson.device == "cpu"
        self.instructions: list[str] = environment()["instructions"] if on_processor else []
        self.orders = [
            batch_order(len(course.targets), course.recipe.batch_size, lesson.epochs, seed)
            for seed in range(lesson.seeds)
        ]

    def trainings(
        self, modes: Sequence[str], precisions: Sequence[Precision]
    ) -> Iterator[Training]:
        """Those of one mode after those of the other."""
        if not modes:
            return
        lesson = self.lesson
        setting = Setting(
            self.model.graph,
            self.course.recipe,
            self.directory,
            device=lesson.device,
            threads=lesson.threads,
            timeout_s=lesson.timeout_s,
        )
        workbench = Workbench(setting, modes)
        self.progress.phase("training", len(workbench.modes) * (1 + len(precisions)) * lesson.seeds)
        try:
            for mode in workbench.modes:
                yield from self._in_mode(workbench, mode, (PLAIN, *precisions))
        finally:
            workbench.close()

    def _in_mode(
        self, workbench: Workbench, mode: Mode, precisions: Sequence[Precision]
    ) -> list[Training]:
        found = [Training(mode.framework, mode.mode, precision) for precision in precisions]
        workbench.start(mode)
        bench = workbench.benches.pop(mode.label, None)
        if bench is None:
            for training in found:
                training.status, training.reason = mode.status, mode.reason
            return found
        try:
            sides = self._train_all(bench, found)
            self._time_all(sides, found)
        finally:
            bench.close()
        judge(found, self.instructions)
        return found

    def _train_all(self, bench: Bench, found: Sequence[Training]) -> dict[str, Side]:
        """Every precision from every seed; returns those that got through."""
        sides: dict[str, Side] = {}
        for training in found:
            if attempt(training, partial(self._train, bench, training, sides)):
                training.status = "ok"
        return sides

    def _train(self, bench: Bench, training: Training, sides: dict[str, Side]) -> None:
        side = bench.side(precision=training.precision)  # type: ignore[arg-type]
        side.load_data((self.course.inputs,), self.course.targets)
        for seed, order in enumerate(self.orders):
            curve = self.course.train(side, self.model.initial_state(seed), order, seed)
            training.loss.append(curve.loss)
            training.quality.append(curve.quality[-1])
            self.progress.advance(f"{bench.mode.label} {training.precision}, seed {seed}")
        sides[training.precision] = side

    def _time_all(self, sides: dict[str, Side], found: Sequence[Training]) -> None:
        """Step times of all that were trained, in turns."""
        if PLAIN not in sides:
            return
        batches = self.orders[0].reshape(-1, self.course.recipe.batch_size)
        arms = []
        for precision, side in sides.items():
            assert isinstance(side.executor, RemoteExecutor)
            side.set_state(self.model.initial_state(0))
            arms.append(StepArm(side.executor, batches, precision))
        measured = measure(arms, budget_s=self.lesson.measure_s)
        if measured.partial:
            raise KeyboardInterrupt
        rounds = measured.rounds
        for training in found[1:]:
            if training.precision in rounds and PLAIN in rounds:
                own, plain = rounds[training.precision], rounds[PLAIN]
                training.step = ratio(training.precision, PLAIN, own, plain)
            elif training.precision in sides:
                failures = measured.failures
                training.reason = failures.get(training.precision) or failures.get(PLAIN, "")


def attempt(training: Training, work: Callable[[], None]) -> bool:
    """Does the work; what keeps it from being done is written into the record."""
    try:
        work()
    except WorkerError as error:
        training.status, training.reason = error.status, error.what
    except UsageError as error:
        training.status = "unsupported"
        training.reason = error.sentence()
    else:
        return True
    training.loss, training.quality = [], []
    return False
