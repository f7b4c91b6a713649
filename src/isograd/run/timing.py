"""Step times: what the schedule measures, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isograd.errors import WorkerError
from isograd.run.workbench import Bench


class StepArm:
    """Training steps of one bench, for the schedule; walks through the batches round and round."""

    def __init__(self, bench: Bench, batches: NDArray[np.int64], label: str | None = None) -> None:
        self.label = label or bench.mode.label
        self.bench = bench
        self._batches = batches
        self._position = 0

    def run(self, steps: int) -> Sequence[int]:
        """Nanoseconds of each of the next ``steps`` steps, rounded up to whole calls.

        Raises `WorkerError` when something was compiled again meanwhile: such times mean nothing.
        """
        per_call = self.bench.setting.steps_per_call
        steps = -(-steps // per_call) * per_call
        rows = (self._position + np.arange(steps)) % len(self._batches)
        self._position = int((rows[-1] + 1) % len(self._batches))
        executor = self.bench.executor
        before = executor.compilations()
        taken = executor.train(self._batches[rows]).nanoseconds
        if executor.compilations() != before:
            raise WorkerError(f"{self.label} compiled again inside the timed region.")
        return [int(n) for n in taken]


def fastest(times: dict[str, float], framework: str) -> str | None:
    """The label with the smallest time among a framework's; None if it has none."""
    own = {label: t for label, t in times.items() if label.startswith(f"{framework}/")}
    return min(own, key=own.__getitem__) if own else None
