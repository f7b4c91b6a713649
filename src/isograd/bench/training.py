"""Training every mode from the same start on the same batches, and whether the curves agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isograd.data import Dataset
from isograd.frameworks.side import Side, concrete
from isograd.ir.graph import Graph, Weights
from isograd.ir.mapping import Array
from isograd.result import WITHIN, Agreement, Curve, Verdict
from isograd.training import Recipe

EVALUATION_BATCH = 1000
"""Examples per evaluation call, the same on every side."""

DISTURBED_STARTS = 3
"""How many trainings of the reference from disturbed starts make the envelope of its curve."""


@dataclass(frozen=True)
class Course:
    """What one training runs on: arrays in logical layout, and the order of the batches."""

    inputs: Array
    targets: Array
    test_inputs: Array
    test_targets: Array
    recipe: Recipe

    @classmethod
    def of(cls, graph: Graph, dataset: Dataset, recipe: Recipe) -> Course:
        """The data set, shaped for the graph's input."""
        (kind,) = graph.inputs.values()

        def fit(array: Array) -> Array:
            return array.reshape(concrete(kind, graph.sizes(len(array))))

        return cls(
            fit(dataset.train_inputs),
            dataset.train_targets,
            fit(dataset.test_inputs),
            dataset.test_targets,
            recipe,
        )

    def train(self, side: Side, start: Weights, order: NDArray[np.int64], seed: int) -> Curve:
        """One training. ``order`` is [epochs, steps, batch size]; the data is loaded already."""
        side.set_state(start)
        curve = Curve(seed, [], [], [])
        elapsed = 0.0
        for epoch in order:
            steps = side.train(epoch)
            elapsed += float(steps.nanoseconds.sum()) / 1e9
            curve.loss.append(float(np.mean(steps.losses)))
            curve.quality.append(self.quality(side))
            curve.seconds.append(elapsed)
        return curve

    def quality(self, side: Side) -> float:
        """Accuracy (or its like, see `isograd.training.Loss`) on the test examples."""
        return self.recipe.loss.quality(self.outputs(side), self.test_targets)

    def outputs(self, side: Side) -> Array:
        """Outputs of all test examples."""
        outputs = [
            side.forward((self.test_inputs[i : i + EVALUATION_BATCH],))
            for i in range(0, len(self.test_inputs), EVALUATION_BATCH)
        ]
        return np.concatenate(outputs)


def disturb(weights: Weights, seed: int) -> Weights:
    """Every parameter moved by one unit in the last place of float32, up or down at random."""
    generator = np.random.default_rng(seed)

    def move(array: Array) -> Array:
        direction = generator.choice([-np.inf, np.inf], size=array.shape).astype(np.float32)
        return np.nextafter(array.astype(np.float32), direction).astype(np.float64)

    return {name: move(array) for name, array in weights.items()}


def distance(a: Curve, b: Curve) -> float:
    """The largest difference of two loss curves over the epochs."""
    return apart(a.loss, b.loss)


def apart(a: Sequence[float], b: Sequence[float]) -> float:
    """The largest difference of two curves over the epochs."""
    return float(np.max(np.abs(np.subtract(a, b))))


def furthest_apart(curves: Sequence[Sequence[float]]) -> float:
    """The largest distance between two of them; 0 for a single one."""
    return max((apart(a, b) for i, a in enumerate(curves) for b in curves[:i]), default=0.0)


def agreement(
    label: str,
    curves: Sequence[Curve],
    reference: Sequence[Curve],
    disturbed: Sequence[Curve],
    *,
    random_masks: bool,
) -> Agreement:
    """Whether a mode trained as the reference did, seed by seed.

    ``disturbed`` are trainings of the reference's first seed from disturbed starts. With
    ``random_masks`` every framework draws its own dropout masks, so that curves can only be held
    against the spread over seeds.
    """
    found = max(distance(a, b) for a, b in zip(curves, reference, strict=True))
    rounding = float(np.finfo(np.float32).eps) * max(abs(v) for v in reference[0].loss)
    envelope = max([rounding, *(distance(curve, reference[0]) for curve in disturbed)])
    spread = seed_spread(reference)
    limit = max(spread, envelope) if random_masks else WITHIN * envelope
    verdict: Verdict = "equivalent" if found <= limit else "inconclusive"
    if found > max(spread, limit) and len(reference) > 1:
        verdict = "different"
    return Agreement(label, found, envelope, spread, verdict)


def seed_spread(curves: Sequence[Curve]) -> float:
    """The largest distance between the curves of two seeds; 0 for a single one."""
    return furthest_apart([curve.loss for curve in curves])


def time_to(target: float, curves: Sequence[Curve], first_call_s: float) -> float | None:
    """Median seconds until the quality reaches ``target``, the first call included; None if a
    training never does."""
    times = []
    for curve in curves:
        reached = [s for s, q in zip(curve.seconds, curve.quality, strict=True) if q >= target]
        if not reached:
            return None
        times.append(first_call_s + reached[0])
    return float(np.median(times)) if times else None
