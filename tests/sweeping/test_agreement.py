"""A network that computes something else is seen; rounding is not taken for that."""

from __future__ import annotations

import numpy as np
import pytest

from isograd.sweeping.agreement import agreed, distances
from isograd.sweeping.running import Seen

OUTPUTS = np.linspace(-1, 1, 40, dtype=np.float32).reshape(4, 10)
LOSSES = np.array([2.3, 2.1, 1.9], dtype=np.float32)
REFERENCE = Seen(OUTPUTS, LOSSES)
DISTURBED = [Seen(OUTPUTS + np.float32(2e-7), LOSSES + np.float32(3e-7))]


def verdict(outputs, losses, **more):
    found = distances(Seen(outputs, losses), REFERENCE, DISTURBED)
    return agreed(*found, random_masks=more.get("random_masks", False))


def test_what_differs_by_rounding_agrees():
    assert verdict(OUTPUTS + np.float32(1e-6), LOSSES + np.float32(1e-6)) == "agrees"


def test_other_outputs_are_different_whatever_the_losses_say():
    assert verdict(OUTPUTS * np.float32(1.0001), LOSSES) == "different"
    assert verdict(OUTPUTS[:, :9], LOSSES) == "different"
    assert verdict(np.full_like(OUTPUTS, np.nan), LOSSES) == "different"


@pytest.mark.parametrize("losses", [LOSSES * np.float32(1.001), np.full_like(LOSSES, np.nan)])
def test_losses_that_part_alone_are_inconclusive_and_not_looked_at_with_random_masks(losses):
    assert verdict(OUTPUTS, losses) == "inconclusive"
    assert verdict(OUTPUTS, losses, random_masks=True) == "agrees"
