"""Curves whose crossing is known, and curves that do not cross."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isograd.sweeping.crossovers import Known, disturbed, duel, quickest, resampled

BATCHES = (1, 8, 64, 256, 1024)


def curve(law, noise=0.01, seed=0, rounds=20):
    """A contender whose time over the baseline's is ``law(batch)``."""
    generator = np.random.default_rng(seed)
    found = {}
    for batch in BATCHES:
        logs = np.log(law(batch)) + noise * generator.standard_normal(rounds)
        found[batch] = resampled([logs], generator)
    return found


def power(crossing):
    """A ratio to a flat curve that is 1 at ``crossing``, straight in log batch."""
    return lambda batch: (batch / crossing) ** 0.2


FLAT = curve(lambda batch: 1.0, seed=99)


@pytest.mark.parametrize("crossing", [3.0, 64.0, 200.0])
def test_a_crossing_is_found_where_it_is(crossing):
    found = duel("a", "b", curve(power(crossing)), FLAT)
    (one,) = found.crossings
    assert (one.before, one.after) == ("a", "b")
    assert one.batch == pytest.approx(crossing, rel=0.1)
    assert one.low < one.batch < one.high < 1.4 * one.low
    assert one.between[0] <= one.batch <= one.between[1]


def test_its_interval_holds_it_as_often_as_it_says_and_so_does_that_of_a_ratio():
    crossings, ratios = 0, 0
    for seed in range(60):
        flat = curve(lambda batch: 1.0, seed=500 + seed)
        (one,) = duel("a", "b", curve(power(100.0), seed=seed), flat).crossings
        crossings += one.low <= 100.0 <= one.high
        same = duel("a", "b", curve(lambda batch: 1.0, seed=900 + seed), flat)
        ratios += sum(point.low < 1.0 < point.high for point in same.points)
    assert crossings >= 0.9 * 60
    assert ratios >= 0.9 * 60 * len(BATCHES)


def test_curves_that_do_not_cross_have_no_crossing_and_one_winner():
    found = duel("a", "b", curve(lambda batch: 0.8 + 0.01 * math.log(batch)), FLAT)
    assert found.crossings == []
    assert found.winners == ["a"]


def test_identical_contenders_have_no_winner_anywhere():
    found = duel("a", "b", curve(lambda batch: 1.0, seed=1), FLAT)
    assert found.winners == []
    assert found.crossings == []


def test_a_difference_that_only_other_processes_could_show_is_no_difference():
    a = curve(lambda batch: 1.05)
    assert duel("a", "b", a, FLAT).winners == ["b"]
    generator = np.random.default_rng(0)
    noisy = {batch: disturbed(known, 0.05, 4, generator) for batch, known in a.items()}
    assert duel("a", "b", noisy, FLAT).winners == []


def test_points_without_a_winner_lie_between_those_with_one():
    found = duel("a", "b", curve(power(64.0), noise=0.1), FLAT)
    assert [point.winner for point in found.points] == ["a", "a", "", "b", "b"]
    assert 8 < found.crossings[0].batch < 256


def test_two_crossings_are_two():
    found = duel("a", "b", curve(lambda b: 0.8 if b in (1, 1024) else 1.25), FLAT)
    assert [(one.before, one.after) for one in found.crossings] == [("a", "b"), ("b", "a")]


def test_only_batch_sizes_that_both_have_are_compared():
    found = duel("a", "b", {8: FLAT[8]}, FLAT)
    assert [point.batch for point in found.points] == [8]
    assert duel("a", "b", {7: FLAT[8]}, FLAT).points == []


def test_a_framework_has_its_fastest_mode_at_each_batch_size():
    small, large = curve(power(64.0), seed=1), curve(lambda b: 1 / power(64.0)(b), seed=2)
    best = quickest([small, large])
    assert best[1].estimate == small[1].estimate
    assert best[1024].estimate == large[1024].estimate


def test_a_framework_wins_nothing_by_having_more_modes():
    many = [curve(lambda batch: 1.0, noise=0.1, seed=seed) for seed in range(3)]
    few = curve(lambda batch: 1.0, noise=0.1, seed=50)
    found = duel("many", "few", quickest(many), few)
    alone = [duel("one", "few", one, few) for one in many]
    for number, point in enumerate(found.points):
        assert not point.winner or any(one.points[number].winner for one in alone)


def test_seeds_share_what_is_known():
    generator = np.random.default_rng(0)
    both = resampled([np.full(9, 0.1), np.full(9, 0.3)], generator)
    assert both.estimate == pytest.approx(0.2)
    assert isinstance(both, Known)
