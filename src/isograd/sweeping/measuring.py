"""How a cell is measured: its own process beside its baseline's, in turns."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import cattrs
import numpy as np

from isograd.errors import WorkerError
from isograd.measure.schedule import measure
from isograd.measure.stats import interval
from isograd.models import Model, load
from isograd.sweeping.agreement import agreed, distances
from isograd.sweeping.cell import PLAIN, Cell, Network, Task
from isograd.sweeping.lesson import Lesson, lesson_of
from isograd.sweeping.race import QUANTITIES, Quantity
from isograd.sweeping.record import Timing
from isograd.sweeping.running import Running, Seen


class Workshop:
    """Measures cells, see `isograd.sweeping.station.Workshop`. A group's baseline stays warm as
    long as cells of its group follow; a cell that is its own baseline gets a second process."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="isograd-sweep-"))
        self._numbers = count()
        self._models: dict[Network, Model] = {}
        self._warm: Warm | None = None

    def measure(self, plain: dict[str, Any]) -> dict[str, Any]:
        """An outcome's fields. After a failure nothing is warm any more."""
        task = Task.from_dict(plain)
        try:
            return self._measure(task)
        except BaseException:
            self._cool()
            raise

    def close(self) -> None:
        """Ends the baseline, and removes what lies on disk."""
        self._cool()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _measure(self, task: Task) -> dict[str, Any]:
        warm = self._baseline(task)
        with closing(self._start(task, warm.lesson, baseline=False)) as own:
            outputs, losses = distances(own.seen, warm.running.seen, warm.disturbed)
            comparable = task.cell.precision == task.baseline.precision == PLAIN
            return {
                "import_s": own.bench.mode.import_s,
                "build_s": own.executor.build_s,
                "first_call_s": own.first_call_s,
                "losses": [float(loss) for loss in own.seen.losses],
                "outputs": outputs,
                "training": None if own.random else losses,
                "agreement": agreed(outputs, losses, random_masks=own.random)
                if comparable
                else "not compared",
                **{q: _timed(q, own, warm.running, task) for q in QUANTITIES},
                "peak_memory_mb": own.bench.worker.call("peak_memory"),
            }

    def _baseline(self, task: Task) -> Warm:
        """The process that the task's cell is measured in turns with."""
        wanted = (task.baseline, task.network, task.conditions)
        if self._warm is None or self._warm.made_for != wanted:
            self._cool()
            lesson = lesson_of(task, self._model(task))
            running = self._start(task, lesson, baseline=True)
            self._warm = Warm(wanted, lesson, running)
        return self._warm

    def _model(self, task: Task) -> Model:
        network = task.network
        if network not in self._models:
            reference = task.path or network.reference
            self._models[network] = load(reference, network.inputs, trust=network.trust)
        return self._models[network]

    def _start(self, task: Task, lesson: Lesson, *, baseline: bool) -> Running:
        folder = self._folder / str(next(self._numbers))
        return Running(task, lesson, folder, baseline=baseline)

    def _cool(self) -> None:
        if self._warm:
            self._warm.running.close()
            self._warm = None


class Warm:
    """A baseline that is ready, and what rounding does to it."""

    def __init__(self, made_for: tuple[Cell, Any, Any], lesson: Lesson, running: Running) -> None:
        self.made_for, self.lesson, self.running = made_for, lesson, running
        self.disturbed: list[Seen] = [running.look(start) for start in lesson.disturbed]


def _timed(quantity: Quantity, own: Running, baseline: Running, task: Task) -> dict[str, Any]:
    """Both in interleaved rounds. Raises `WorkerError` where one cannot go on."""
    arms = [own.arm(quantity, "own"), baseline.arm(quantity, "baseline")]
    found = measure(arms, budget_s=task.conditions.measure_s)
    if found.failures:
        raise WorkerError("; ".join(found.failures.values()))
    middles = {
        label: [float(np.median(times)) for times in rounds]
        for label, rounds in found.rounds.items()
    }
    timing = Timing(interval(found.rounds["own"]), middles["own"], middles["baseline"])
    plain: dict[str, Any] = cattrs.unstructure(timing)
    return plain
