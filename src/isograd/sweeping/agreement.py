"""Whether a cell does what its baseline does, as far as a few float32 steps can tell.

No proof: that takes float64, gradients and the optimizer's state, and is what `isograd prove` is
for. It keeps a network that computes something else from winning a sweep.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isograd.result import SAME
from isograd.sweeping.record import Agreed
from isograd.sweeping.running import Seen


def distances(own: Seen, reference: Seen, disturbed: Sequence[Seen]) -> tuple[float, float]:
    """How far a cell's outputs and losses are from the reference's, in multiples of what one unit
    in the last place, at the start, does to the reference itself."""
    outputs = _multiple(own.outputs, reference.outputs, [one.outputs for one in disturbed])
    losses = _multiple(own.losses, reference.losses, [one.losses for one in disturbed])
    return outputs, losses


def agreed(outputs: float, losses: float, *, random_masks: bool) -> Agreed:
    """The limit is that of a proof's stages: a disturbance at the start stands for one rounding of
    each parameter, while an implementation also rounds inside, and again in each step. Losses that
    part while outputs agree say nothing by themselves; with ``random_masks``, every framework draws
    its own, and losses are not looked at."""
    if not outputs <= SAME:
        return "different"
    return "agrees" if random_masks or losses <= SAME else "inconclusive"


def _multiple(
    own: NDArray[np.floating],
    reference: NDArray[np.floating],
    disturbed: Sequence[NDArray[np.floating]],
) -> float:
    if own.shape != reference.shape:
        return float("inf")
    rounding = float(np.finfo(np.float32).eps) * float(np.max(np.abs(reference)))
    moved = [float(np.max(np.abs(one - reference))) for one in disturbed]
    envelope = max([rounding, *moved])
    difference = float(np.max(np.abs(own - reference)))
    return difference / envelope if envelope else float(difference > 0) * float("inf")
