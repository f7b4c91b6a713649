"""Every nanosecond of a step belongs to one part."""

from __future__ import annotations

import pytest

from isograd.views.timeline import Stamped, Timeline, Unseen, typical


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
    timeline.skip()
    timeline.spend("forward", "fc")
    timeline.spend("backward", "fc")
    timeline.finish()


# Each stamp looks at the clock when it begins and when it ends.
TIMES = (100, 101, 102, 104, 105, 112, 116, 118, 134, 135, 136, 140)


def test_the_time_since_the_last_stamp_belongs_to_the_part_that_is_named():
    timeline = Timeline(Clock(*TIMES))
    a_step(timeline)
    (step,) = timeline.taken()
    assert step.parts == {
        ("batch", ""): 1,
        ("forward", "fc"): 2 + 4,
        ("backward", "fc"): 16,
        ("python", ""): 1,
    }


def test_what_stamping_takes_is_in_no_part():
    timeline = Timeline(Clock(*TIMES))
    a_step(timeline)
    (step,) = timeline.taken()
    assert step.whole + step.instruments == 140 - 100
    assert step.instruments == 1 + 1 + 7 + 2 + 1 + 4


def test_what_a_stamp_does_not_see_of_itself_is_in_no_part_either():
    timeline = Timeline(Clock(*TIMES))
    timeline.unseen = Unseen(call=0.5, backward=3.0)
    a_step(timeline)
    (step,) = timeline.taken()
    assert step.stamps == {"batch": 1, "forward": 2, "backward": 1, "python": 1}
    assert step.parts == {
        ("batch", ""): 1 - 0.5,
        ("forward", "fc"): 2 + 4 - 2 * 0.5,
        ("backward", "fc"): 16 - 3.0,
        ("python", ""): 1 - 0.5,
    }
    assert step.whole + step.instruments == 140 - 100


def test_time_between_two_steps_belongs_to_neither():
    timeline = Timeline(Clock(*TIMES, *(1000 + time for time in TIMES)))
    a_step(timeline)
    a_step(timeline)
    first, second = timeline.taken()
    assert first == second
    assert timeline.taken() == []


def test_parts_sum_to_the_whole_and_instruments_come_on_top():
    spent = typical([Stamped({("forward", "fc"): 6000, ("backward", "fc"): 16_000}, 7000)])
    assert spent.whole == sum(spent.parts.values()) == 22.0
    assert spent.instruments == 7.0
    assert spent.of("forward", "backward") == {"fc": 22.0}


def test_slow_steps_are_left_out_as_a_whole():
    # The slow part is another one each time, so that the median of each part is untouched by it.
    usual = {("forward", "a"): 1000, ("forward", "b"): 2000}
    slow = [Stamped({**usual, ("forward", name): 50_000}) for name in "ab"]
    spent = typical([*(Stamped(usual) for _ in range(6)), *slow])
    assert spent.parts == {("forward", "a"): 1.0, ("forward", "b"): 2.0}


def test_nothing_is_typical_of_no_steps():
    with pytest.raises(ValueError, match="no step"):
        typical([])
