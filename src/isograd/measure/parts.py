"""Whole training steps and the parts of stamped ones, measured in turns in one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from isograd.errors import WorkerError
from isograd.frameworks.protocol import Steps
from isograd.measure.schedule import ROUND_NS, measure
from isograd.measure.stats import interval, noise_floor, ratio
from isograd.result import Comparison, Interval, NoiseFloor
from isograd.views.timeline import Spent, Timeline, typical
from isograd.views.timeline import Stamped as StampedStep

PLAIN, AGAIN, STAMPED, PARTS = "plain", "plain again", "stamped", "parts"


class Trains(Protocol):
    """What can be trained, such as an executor."""

    def train(self, batches: NDArray[np.int64]) -> Steps:
        """One step for each row of ``batches``."""


class Stamped(Trains, Protocol):
    """What is trained with stamps between the parts of a step."""

    timeline: Timeline


@dataclass(frozen=True)
class Timed:
    """A step's parts beside the whole. ``total`` are the microseconds of a step without stamps,
    ``noise`` what two executors alike differ by. ``slowdown`` is a stamped step over one without
    stamps, ``agreement`` the sum of the parts over it: what stamping takes is not in the parts, as
    far as it can be seen.
    """

    spent: Spent
    total: Interval
    noise: NoiseFloor
    slowdown: Comparison
    agreement: Comparison


class Steady:
    """Steps on one batch."""

    def __init__(self, label: str, executor: Trains, batch: NDArray[np.int64]) -> None:
        self.label = label
        self._executor = executor
        self._batch = batch

    def run(self, steps: int) -> Sequence[float]:
        taken = self._executor.train(np.tile(self._batch, (steps, 1)))
        return [float(n) for n in taken.nanoseconds]


class SteadyStamped(Steady):
    """Keeps the parts of the steps of each round."""

    def __init__(self, label: str, executor: Stamped, batch: NDArray[np.int64]) -> None:
        super().__init__(label, executor, batch)
        self._timeline = executor.timeline
        self.rounds: list[list[StampedStep]] = []

    def run(self, steps: int) -> Sequence[float]:
        nanoseconds = super().run(steps)
        self.rounds.append(self._timeline.taken())
        return nanoseconds

    def kept(self, rounds: Mapping[str, Sequence[object]]) -> list[list[StampedStep]]:
        """The steps of the rounds that were kept; those before were warming up."""
        return self.rounds[-len(rounds[self.label]) :]


def all_rounds(
    arms: Sequence[Steady],
    *,
    budget_s: float,
    round_ns: float = ROUND_NS,
    on_round: Callable[[int], None] = lambda number: None,
) -> dict[str, list[list[float]]]:
    """Microseconds of each arm's steps, one list per round. Raises `WorkerError` where a step
    fails."""
    found = measure(arms, budget_s=budget_s, round_ns=round_ns, on_round=on_round)
    for label, reason in found.failures.items():
        raise WorkerError(f"The {label} steps failed: {reason}")
    if found.partial:
        raise KeyboardInterrupt
    return found.rounds


def time_parts(
    plain: Trains,
    again: Trains,
    stamped: Stamped,
    batch: NDArray[np.int64],
    *,
    budget_s: float,
    round_ns: float = ROUND_NS,
    on_round: Callable[[int], None] = lambda number: None,
) -> Timed:
    """Measures three executors of one step on ``batch`` in interleaved rounds: two without stamps,
    which are alike, and one with. Raises `WorkerError` where a step fails."""
    arm = SteadyStamped(STAMPED, stamped, batch)
    arms = [Steady(PLAIN, plain, batch), Steady(AGAIN, again, batch), arm]
    rounds = all_rounds(arms, budget_s=budget_s, round_ns=round_ns, on_round=on_round)
    kept = arm.kept(rounds)
    noise = noise_floor([ratio(AGAIN, PLAIN, rounds[AGAIN], rounds[PLAIN])])
    sums = [[typical(steps).whole] for steps in kept]
    return Timed(
        typical([step for steps in kept for step in steps]),
        interval(rounds[PLAIN]),
        noise,
        ratio(STAMPED, PLAIN, rounds[STAMPED], rounds[PLAIN], noise.fraction),
        ratio(PARTS, PLAIN, sums, rounds[PLAIN], noise.fraction),
    )
