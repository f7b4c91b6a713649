"""Trainings of which every step counts: its loss in each mode, against the rounding envelope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isograd.bench.training import furthest_apart
from isograd.frameworks.side import Side
from isograd.ir.graph import Graph, Weights
from isograd.ir.mapping import Array
from isograd.result import WITHIN, Verdict
from isograd.training import Loss, Recipe
from isograd.tuning import Course, Training

CHUNK = 10
"""Training steps between two looks of whoever watches."""

EVALUATED = 16
"""Examples per evaluation call, the same on every side; logits of sequences are large."""


@dataclass(frozen=True)
class Material:
    """What a network is trained and tested on, in logical layout: one array for each of its inputs,
    all of fixed length. ``measure`` says what quality is: accuracy, or minus the mean loss."""

    graph: Graph
    inputs: tuple[Array, ...]
    targets: Array
    test_inputs: tuple[Array, ...]
    test_targets: Array
    recipe: Recipe
    measure: Literal["accuracy", "loss"]

    def quality(self, side: Side) -> float:
        """Of the network as it is, on the test examples: more is better."""
        found, weights = [], []
        for start in range(0, len(self.test_targets), EVALUATED):
            rows = slice(start, start + EVALUATED)
            outputs = side.forward(tuple(array[rows] for array in self.test_inputs))
            targets = self.test_targets[rows]
            found.append(self._score(np.asarray(outputs, np.float64), targets))
            weights.append(_counted(self.recipe.loss, targets))
        return float(np.average(found, weights=weights))

    def _score(self, outputs: Array, targets: Array) -> float:
        loss = self.recipe.loss
        if self.measure == "accuracy":
            return loss.quality(outputs, targets)
        return -loss.value(outputs, targets)


def train(
    side: Side,
    material: Material,
    start: Weights,
    order: NDArray[np.int64],
    training: Training,
    on_chunk: Callable[[], None],
) -> None:
    """Trains on the batches ``order`` [epochs, steps, batch size] and writes into ``training`` as
    it goes. The data is loaded already."""
    side.set_state(start)
    for epoch in order:
        for first in range(0, len(epoch), CHUNK):
            steps = side.train(epoch[first : first + CHUNK])
            training.loss += steps.losses.tolist()
            training.seconds += float(steps.nanoseconds.sum()) / 1e9
            on_chunk()
        training.quality.append(material.quality(side))


def held_against(
    mode: str,
    found: Sequence[Training],
    reference: Sequence[Training],
    disturbed: Sequence[Training],
    *,
    random_masks: bool = False,
) -> Course:
    """Whether a mode trained as the reference did, step by step and seed by seed.

    Each seed has an envelope of its own: what the reference's trainings from ``disturbed`` starts
    of that seed have moved by up to each step; `WITHIN` times that is rounding. With
    ``random_masks`` every framework draws its own dropout, so that losses can only be held against
    the spread over seeds. What is shown is the seed that comes closest to its limit.
    """
    spread = _spread(reference)
    courses = []
    for one, other in zip(found, reference, strict=True):
        envelope = _envelope(other, [d for d in disturbed if d.seed == other.seed])
        limit = np.maximum(spread, envelope) if random_masks else WITHIN * envelope
        courses.append((_apart(one, other), envelope, limit))
    deviation, envelope, limit = max(courses, key=lambda c: float((c[0] / c[2]).max()))
    at = int(np.argmax(deviation / limit))
    verdict: Verdict = "equivalent" if (deviation <= limit).all() else "inconclusive"
    if len(reference) > 1 and (deviation > np.maximum(spread, limit)).any():
        verdict = "different"
    apart, room = _quality(found, reference, disturbed)
    beyond: Verdict = "different" if len(reference) > 1 else "inconclusive"
    return Course(
        mode=mode,
        deviation=deviation.tolist(),
        envelope=envelope.tolist(),
        ratio=float(deviation[at] / envelope[at]),
        at=at + 1,
        verdict=verdict,
        apart=apart,
        spread=room,
        quality_verdict="equivalent" if apart <= room else beyond,
    )


def _apart(a: Training, b: Training) -> NDArray[np.float64]:
    return np.abs(np.subtract(a.loss, b.loss))


def _envelope(reference: Training, disturbed: Sequence[Training]) -> NDArray[np.float64]:
    """What rounding has done up to each step; a loss is itself rounded to float32."""
    rounding = float(np.finfo(np.float32).eps) * np.abs(reference.loss)
    moved = [_apart(one, reference) for one in disturbed]
    return np.maximum.accumulate(np.max([rounding, *moved], axis=0))


def _spread(reference: Sequence[Training]) -> float:
    """How far the losses of any two seeds are apart in any step; 0 for a single one."""
    return furthest_apart([one.loss for one in reference])


def _quality(
    found: Sequence[Training], reference: Sequence[Training], disturbed: Sequence[Training]
) -> tuple[float, float]:
    """The difference in quality at the end, and what it may be: the range over the seeds, or what
    rounding alone does to it."""
    ends = {one.seed: one.quality[-1] for one in reference}
    apart = max(abs(one.quality[-1] - ends[one.seed]) for one in found)
    moved = [abs(one.quality[-1] - ends[one.seed]) for one in disturbed]
    rounding = float(np.finfo(np.float32).eps) * abs(reference[0].quality[-1])
    return apart, max(max(ends.values()) - min(ends.values()), WITHIN * max([rounding, *moved]))


def _counted(loss: Loss, targets: Array) -> int:
    """How many targets a mean goes over."""
    return int(targets.size if loss.ignored is None else (targets != loss.ignored).sum())
