"""Interleaved rounds: every arm runs in every round, in an order that is reversed each time.

What drifts (temperature, frequency, other programs) then hits all arms alike, which running them
one after another cannot give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import numpy as np

from isograd.errors import WorkerError
from isograd.measure.stats import ratio

ROUND_NS = 50e6
"""How long a round of one arm should last at least."""

MIN_STEPS, MAX_STEPS = 3, 2000
WARM_UP_ROUNDS = 2
MIN_ROUNDS, MAX_ROUNDS = 8, 60

CHECK_EVERY = 4
"""Rounds between two looks at the intervals; a look costs time that rounds could have."""

NARROW = 0.015
"""Relative half width of a ratio's interval at which more rounds would say nothing new."""


class Arm(Protocol):
    """Something whose steps can be timed."""

    @property
    def label(self) -> str:
        """What it is called; no two arms share a label."""

    def run(self, steps: int) -> Sequence[float]:
        """Nanoseconds of each of ``steps`` steps. Raises `WorkerError` when it cannot go on."""


@dataclass
class Measurement:
    """Step times in microseconds: arm label to one list per round. ``failures`` says why an arm
    was taken out; ``partial`` that the user interrupted.
    """

    rounds: dict[str, list[list[float]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    partial: bool = False


def measure(
    arms: Sequence[Arm],
    *,
    budget_s: float = 20.0,
    round_ns: float = ROUND_NS,
    on_round: Callable[[int], None] = lambda number: None,
) -> Measurement:
    """Times all arms until their ratios to the first arm are known or the budget is spent.

    At least `MIN_ROUNDS` rounds are made, whatever the budget. All arms have the same number of
    rounds in the result. Ctrl-C ends it early, with what there is.
    """
    found = Measurement()
    alive = list(arms)
    try:
        steps = _calibrate(alive, found, round_ns)
        end = perf_counter() + budget_s
        for number in range(MAX_ROUNDS):
            alive = [arm for arm in alive if arm.label not in found.failures]
            if not alive:
                break
            _round(alive if number % 2 == 0 else alive[::-1], steps, found)
            on_round(number)
            done = number + 1
            if done < MIN_ROUNDS:
                continue
            if perf_counter() > end or (done % CHECK_EVERY == 0 and _settled(found, alive)):
                break
    except KeyboardInterrupt:
        found.partial = True
    _trim(found)
    return found


def _calibrate(arms: Sequence[Arm], found: Measurement, round_ns: float) -> dict[str, int]:
    """Steps per round for each arm, from warm-up rounds that are thrown away."""
    steps = {arm.label: MIN_STEPS for arm in arms}
    for _ in range(WARM_UP_ROUNDS):
        for arm in arms:
            times = _attempt(arm, steps[arm.label], found)
            if times:
                wanted = int(np.ceil(round_ns / max(float(np.median(times)), 1.0)))
                steps[arm.label] = min(max(wanted, MIN_STEPS), MAX_STEPS)
    return steps


def _round(arms: Sequence[Arm], steps: dict[str, int], found: Measurement) -> None:
    taken = {}
    for arm in arms:
        times = _attempt(arm, steps[arm.label], found)
        if times:
            taken[arm.label] = [float(n) / 1e3 for n in times]
    for label, times in taken.items():
        found.rounds.setdefault(label, []).append(times)


def _attempt(arm: Arm, steps: int, found: Measurement) -> Sequence[float]:
    if arm.label in found.failures:
        return ()
    try:
        return arm.run(steps)
    except WorkerError as error:
        found.failures[arm.label] = error.what
        return ()


def _settled(found: Measurement, arms: Sequence[Arm]) -> bool:
    """Whether every ratio to the first arm is known as well as it needs to be."""
    labels = [arm.label for arm in arms if arm.label not in found.failures]
    for label in labels[1:]:
        result = ratio(label, labels[0], found.rounds[label], found.rounds[labels[0]])
        if (result.high - result.low) / 2 > NARROW * result.ratio:
            return False
    return True


def _trim(found: Measurement) -> None:
    """Leaves the rounds that every surviving arm has, so that they can be paired."""
    kept = {label: r for label, r in found.rounds.items() if label not in found.failures}
    count = min((len(rounds) for rounds in kept.values()), default=0)
    found.rounds = {label: rounds[:count] for label, rounds in kept.items()}
