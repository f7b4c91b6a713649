"""When several workers are said to train as one does."""

from __future__ import annotations

import numpy as np

from isograd.scaling.job import Trained
from isograd.scaling.trajectories import disturbed_start, hold, verdict


def trained(shift: float = 0.0, *, seed: int = 0) -> Trained:
    """A made-up training, moved by ``shift`` times random numbers."""
    generator = np.random.default_rng(7)
    losses, weights = np.linspace(2.3, 1.1, 20), generator.standard_normal((4, 5))
    moved = np.random.default_rng(seed)
    return Trained(
        list(losses + shift * moved.standard_normal(20)),
        {"fc.weight": weights + shift * moved.standard_normal((4, 5))},
        [0],
    )


DISTURBED = [trained(1e-15, seed=seed) for seed in (1, 2, 3)]


def test_rounding_is_no_difference():
    assert verdict(hold(trained(3e-15, seed=9), trained(), DISTURBED)) == "equivalent"


def test_what_rounding_cannot_explain_is_a_difference():
    assert verdict(hold(trained(1e-6, seed=9), trained(), DISTURBED)) == "different"


def test_losses_alone_can_tell():
    found = trained()
    found.losses[-1] += 1e-3
    losses, weights = hold(found, trained(), DISTURBED)
    assert (losses.verdict, weights.verdict) == ("different", "equivalent")


def test_a_training_that_rounding_scatters_tells_nothing():
    wild = [trained(0.5, seed=seed) for seed in (1, 2, 3)]
    assert verdict(hold(trained(0.1, seed=9), trained(), wild)) == "inconclusive"


def test_a_disturbed_start_is_one_unit_away():
    weights = {"w": np.array([1.5, -3.5]), "count": np.array([2])}
    found = disturbed_start(weights, 1)
    assert np.array_equal(np.abs(found["w"] - weights["w"]), np.spacing(np.abs(weights["w"])))
    assert np.array_equal(found["count"], weights["count"])
