"""The front holds what nothing else is better than."""

from __future__ import annotations

from points import point

from isograd.deploy.pareto import mark
from isograd.frontier import Point

NOISE = 0.05


def front(*points: Point) -> list[str]:
    mark(points, NOISE, batch=1)
    return [one.candidate for one in points if one.pareto]


def test_smaller_and_faster_at_the_same_quality_leaves_no_reason_for_the_other() -> None:
    assert front(point(), point("dense/torch/a", size=100_000, ratio=0.5)) == ["torch/a"]


def test_each_that_is_best_in_something_is_on_the_front() -> None:
    small = point("dense/torch/small", size=100_000, quality=0.96, ratio=2.0)
    fast = point("dense/torch/fast", ratio=0.4, quality=0.96)
    assert front(point(), small, fast) == ["torch/eager", "torch/small", "torch/fast"]


def test_latencies_that_noise_may_have_made_share_the_front() -> None:
    assert front(point(), point("dense/torch/a", ratio=0.97)) == ["torch/eager", "torch/a"]
    assert front(point(), point("dense/torch/a", ratio=0.9)) == ["torch/a"]


def test_noise_does_not_keep_what_is_larger_on_the_front() -> None:
    assert front(point(), point("dense/torch/a", ratio=1.03, size=100_000)) == ["torch/a"]


def test_what_did_not_run_or_computes_something_else_is_not_on_it() -> None:
    wrong = point("dense/torch/wrong", size=1, ratio=0.1, verdict="different")
    failed = point("dense/torch/failed", size=1, ratio=0.1, status="failed")
    assert front(point(), wrong, failed) == ["torch/eager"]


def test_a_mark_of_an_earlier_look_is_taken_away() -> None:
    old = point()
    assert front(old) == ["torch/eager"]
    assert front(old, point("dense/torch/a", ratio=0.5, size=1)) == ["torch/a"]
