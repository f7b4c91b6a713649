"""Parts are held against steps that carry no stamps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from isograd.errors import WorkerError
from isograd.frameworks.protocol import Steps
from isograd.measure.parts import Timed, time_parts
from isograd.views.timeline import Timeline

BATCH = np.zeros((1, 2), np.int64)


class Plain:
    """Steps of so many nanoseconds."""

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = nanoseconds

    def train(self, batches: NDArray[np.int64]) -> Steps:
        count = len(batches)
        return Steps(np.zeros(count), np.full(count, self.nanoseconds))


class Stamped(Plain):
    """Of which ``seen`` are spent on stamping, where it can be seen."""

    def __init__(self, nanoseconds: int, seen: int) -> None:
        super().__init__(nanoseconds)
        self.timeline = Timeline()
        self.seen = seen

    def train(self, batches: NDArray[np.int64]) -> Steps:
        times = (0, self.nanoseconds - self.seen, self.nanoseconds) + (self.nanoseconds,) * 2
        clock = itertools.cycle(times)
        self.timeline._clock = lambda: next(clock)
        for _ in batches:
            self.timeline.begin()
            self.timeline.spend("forward", "fc")
            self.timeline.finish()
        return super().train(batches)


def timed(plain: int, stamped: Plain) -> Timed:
    arms = Plain(plain), Plain(plain)
    return time_parts(*arms, stamped, BATCH, budget_s=0, round_ns=20 * plain)  # type: ignore[arg-type]


def test_parts_that_sum_to_the_whole_agree():
    found = timed(100_000, Stamped(104_000, seen=4_000))
    assert found.agreement.ratio == pytest.approx(1.0)
    assert found.agreement.verdict == "no measurable difference"
    assert found.slowdown.ratio == pytest.approx(1.04)
    assert found.spent.instruments == 4.0
    assert found.total.median == pytest.approx(100.0)
    assert found.noise.fraction == pytest.approx(0.0)


def test_what_stamping_takes_unseen_is_told_and_not_scaled_away():
    found = timed(100_000, Stamped(120_000, seen=4_000))
    assert found.agreement.ratio == pytest.approx(1.16)
    assert found.agreement.verdict == "slower"
    assert found.spent.whole == 116.0


def test_a_step_that_fails_is_an_error():
    class Failing(Stamped):
        def train(self, batches: NDArray[np.int64]) -> Steps:
            raise WorkerError("out of luck")

    with pytest.raises(WorkerError, match="stamped steps failed: out of luck"):
        timed(100_000, Failing(1, 0))
