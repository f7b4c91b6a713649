"""Losses of every step are held against what rounding does, and qualities against the seeds."""

import numpy as np
import pytest

from isograd.result import WITHIN
from isograd.run.stepwise import held_against
from isograd.tuning import Training

STEPS = 20
ROUNDING = 1e-5
"""What a disturbed start moves every loss by."""


def training(offset=0.0, quality=0.8, seed=0, disturbed=None, at=None):
    losses = 2.0 - 0.05 * np.arange(STEPS) + 0.1 * seed
    where = slice(None) if at is None else slice(at, at + 1)
    losses[where] += offset
    return Training("a/b", seed, disturbed, losses.tolist(), [0.5, quality])


DISTURBED = [training(ROUNDING, disturbed=1)]


def test_a_mode_within_rounding_is_equivalent():
    course = held_against("c/d", [training(WITHIN * 0.9 * ROUNDING)], [training()], DISTURBED)
    assert (course.verdict, course.quality_verdict) == ("equivalent", "equivalent")
    assert course.ratio == pytest.approx(3.6)


def test_a_single_step_beyond_rounding_is_found_and_named():
    course = held_against("c/d", [training(1e-3, at=6)], [training()], DISTURBED)
    assert course.verdict == "inconclusive"
    assert course.at == 7
    assert course.ratio == pytest.approx(100)


def test_what_is_beyond_rounding_and_all_seeds_is_different():
    reference = [training(), training(seed=1)]
    disturbed = [*DISTURBED, training(ROUNDING, seed=1, disturbed=1)]
    inside = [training(0.05), training(seed=1)]
    outside = [training(0.2), training(seed=1)]
    assert held_against("c/d", inside, reference, disturbed).verdict == "inconclusive"
    assert held_against("c/d", outside, reference, disturbed).verdict == "different"


def test_the_envelope_only_grows():
    early = training(1e-3, disturbed=1, at=2)
    course = held_against("c/d", [training(1e-3, at=9)], [training()], [early])
    assert course.verdict == "equivalent"
    assert course.envelope[1] < course.envelope[2] == course.envelope[-1]


def test_each_seed_has_an_envelope_of_its_own():
    reference = [training(), training(seed=1)]
    disturbed = [training(1e-2, disturbed=1), training(ROUNDING, seed=1, disturbed=1)]
    found = [training(1e-2), training(1e-3, seed=1)]
    assert held_against("c/d", found, reference, disturbed).verdict == "inconclusive"


def test_losses_under_dropout_of_ones_own_are_held_against_the_seeds():
    reference = [training(), training(seed=1)]
    found = [training(0.05), training(0.05, seed=1)]
    course = held_against("c/d", found, reference, DISTURBED, random_masks=True)
    assert course.verdict == "equivalent"


@pytest.mark.parametrize(("quality", "verdict"), [(0.81, "equivalent"), (0.7, "different")])
def test_quality_may_differ_by_what_seeds_differ_by(quality, verdict):
    reference = [training(), training(seed=1, quality=0.82)]
    found = [training(quality=quality), training(seed=1, quality=0.82)]
    assert held_against("c/d", found, reference, DISTURBED).quality_verdict == verdict


def test_with_one_seed_quality_may_differ_by_rounding_alone():
    course = held_against("c/d", [training(quality=0.79)], [training()], DISTURBED)
    assert course.quality_verdict == "inconclusive"
