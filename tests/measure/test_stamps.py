"""What stamps take unseen is found from steps with fewer stamps and with more."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from isograd.frameworks.protocol import Steps
from isograd.measure.stamps import DEPTH, gauge, measure_unseen
from isograd.views.timeline import Timeline, Unseen

BATCH = np.zeros((1, 2), np.int64)

WORK = 1_000_000
"""Nanoseconds of a step without stamps."""


class Plain:
    def train(self, batches: NDArray[np.int64]) -> Steps:
        return Steps(np.zeros(len(batches)), np.full(len(batches), WORK))


class Stamped:
    """So many stamps in the forward pass and in the backward pass, each of which takes 100
    nanoseconds that it sees, and ``call`` or ``back`` that it does not."""

    def __init__(self, forward: int, backward: int, call: int = 0, back: int = 0) -> None:
        self.timeline = Timeline()
        self._phases = ["forward"] * forward + ["backward"] * backward
        self._unseen = {"forward": call, "backward": back}

    def train(self, batches: NDArray[np.int64]) -> Steps:
        each = WORK // len(self._phases)
        for _ in batches:
            times = itertools.chain(
                [0], *([each + self._unseen[phase], 100] for phase in self._phases), [0, 0]
            )
            clock = itertools.accumulate(times)
            self.timeline._clock = lambda clock=clock: next(clock)  # type: ignore[misc]
            self.timeline.begin()
            for phase in self._phases:
                self.timeline.spend(phase)
            self.timeline.finish()
        return Plain().train(batches)


def found(call: int, back: int) -> Unseen:
    outer, complete = Stamped(9, 0, call), Stamped(9, 10, call, back)
    return measure_unseen(Plain(), outer, complete, BATCH, budget_s=0, round_ns=3 * WORK)


def test_calls_and_stamps_in_the_backward_pass_are_told_apart():
    unseen = found(call=700, back=3000)
    # One stamp more ends the step, and takes nothing unseen here.
    assert unseen.call == pytest.approx(700 * 9 / 10, rel=0.01)
    assert unseen.backward == pytest.approx(3000, rel=0.01)


def test_nothing_unseen_is_nothing():
    assert found(0, 0) == pytest.approx(Unseen(0.0, 0.0), abs=10)


def test_stamps_cannot_give_time_back():
    assert found(-500, -500) == Unseen(0.0, 0.0)


def test_the_gauge_has_a_stamp_for_each_of_many_layers():
    assert len(gauge().nodes) == 2 * DEPTH + 1
