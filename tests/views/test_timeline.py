"""Every nanosecond of a step belongs to one part."""

from __future__ import annotations

import pytest

from isograd.views.timeline import INSTRUMENTS, Timeline, typical


class Clock:
    """Says what it is told to."""

    def __init__(self, *nanoseconds: int) -> None:
        self._left = iter(nanoseconds)

    def __call__(self) -> int:
        return next(self._left)


def a_step(timeline: Timeline) -> None:
    timeline.begin()
    timeline.spend("batch")
    timeline.spend("forward", "fc")
    timeline.spend(INSTRUMENTS)
    timeline.spend("forward", "fc")
    timeline.spend("backward", "fc")
    timeline.finish()


def test_the_time_since_the_last_stamp_belongs_to_the_part_that_is_named():
    timeline = Timeline(Clock(100, 101, 103, 110, 114, 130, 131))
    a_step(timeline)
    assert timeline.steps == [
        {
            ("batch", ""): 1,
            ("forward", "fc"): 2 + 4,
            (INSTRUMENTS, ""): 7,
            ("backward", "fc"): 16,
            ("python", ""): 1,
        }
    ]


def test_time_between_two_steps_belongs_to_neither():
    timeline = Timeline(Clock(*range(0, 7), *range(1000, 1007)))
    a_step(timeline)
    a_step(timeline)
    assert timeline.steps[0] == timeline.steps[1]


def test_parts_sum_to_the_whole_and_instruments_come_on_top():
    timeline = Timeline(Clock(0, 1000, 3000, 10_000, 14_000, 30_000, 31_000))
    a_step(timeline)
    spent = typical(timeline.steps)
    assert spent.whole == sum(spent.parts.values()) == 24.0
    assert spent.instruments == 7.0
    assert spent.of("forward", "backward") == {"fc": 22.0}


def test_slow_steps_are_left_out_as_a_whole():
    # The slow part is another one each time, so that the median of each part is untouched by it.
    usual = {("forward", "a"): 1000, ("forward", "b"): 2000}
    slow = [{**usual, ("forward", name): 50_000} for name in "ab"]
    spent = typical([usual, slow[0], usual, usual, slow[1], usual, usual, usual])
    assert spent.parts == {("forward", "a"): 1.0, ("forward", "b"): 2.0}


def test_nothing_is_typical_of_no_steps():
    with pytest.raises(ValueError, match="no step"):
        typical([])
