"""Whether both frameworks make of an image what the definition says, operation by operation.

Each operation gets what the definition made of the image before it, in float32, so that a deviation
belongs to one operation alone. The definition is then computed in float64; the rounding envelope is
how far that moves where every pixel moves by one unit in the last place of float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from isograd.feeding import Equal
from isograd.ir.mapping import Array
from isograd.pipelines.augmentation import Augmentation, Augmented, Operation, apply
from isograd.result import SAME

Changed = Callable[[Augmented, Sequence[Array]], list[Array]]
"""What a framework makes of some images."""

EXAMPLES = 32
"""How many images are looked at; each has draws of its own."""


@dataclass(frozen=True)
class Stage:
    """One operation, with what goes into it and what must come out; ``envelope`` is 0 where only
    pixels are moved."""

    operation: Operation
    augmented: Augmented
    inputs: list[Array]
    expected: list[Array]
    envelope: float


def stages(augmented: Augmented, images: Sequence[Array]) -> list[Stage]:
    """All operations of an augmentation on these images, the first of their source."""
    found, inputs = [], list(images)
    for number, operation in enumerate(augmented.augmentation.operations):
        drawn = {0: augmented.draws[number]} if number in augmented.draws else {}
        alone = Augmented(Augmentation((operation,)), drawn)
        expected = [apply(alone, image, i, np.float64) for i, image in enumerate(inputs)]
        envelope = 0.0 if operation.exact else _envelope(alone, inputs, expected)
        found.append(Stage(operation, alone, inputs, expected, envelope))
        inputs = [apply(alone, image, i) for i, image in enumerate(inputs)]
    return found


def _envelope(alone: Augmented, inputs: Sequence[Array], expected: Sequence[Array]) -> float:
    generator = np.random.default_rng(0)
    moved = 0.0
    for i, (image, before) in enumerate(zip(inputs, expected, strict=True)):
        values = image.astype(np.float32)
        towards = generator.choice([-np.inf, np.inf], values.shape).astype(np.float32)
        disturbed = np.nextafter(values, towards).astype(np.float64)
        moved = max(moved, float(np.abs(apply(alone, disturbed, i, np.float64) - before).max()))
    return moved


def judge(stage: Stage, changed: Sequence[Changed]) -> Equal:
    """What the frameworks make of a stage's images, against its definition."""
    deviation, same = 0.0, True
    for change in changed:
        for made, expected in zip(
            change(stage.augmented, stage.inputs), stage.expected, strict=True
        ):
            if made.shape != expected.shape:
                return Equal(
                    named(stage.operation), stage.operation.exact, np.inf, 0.0, "different"
                )
            apart = np.abs(made.astype(np.float64) - expected.astype(np.float64))
            deviation = max(deviation, float(apart.max()))
            same = same and made.dtype == expected.dtype
    exact = stage.operation.exact
    limit = 0.0 if exact else SAME * stage.envelope
    agrees = deviation <= limit and (same or not exact)
    return Equal(
        named(stage.operation),
        exact,
        deviation,
        stage.envelope,
        "equivalent" if agrees else "different",
    )


def named(operation: Operation) -> str:
    """``crop to 28 with 2 zeros around``."""
    return {
        "flip": "flip, half of the images",
        "crop": f"crop to {operation.size} with {operation.amount:g} zeros around",
        "rotate": "rotate by quarter turns",
        "brightness": f"brightness ±{operation.amount:.0%}",
        "resize": f"resize to {operation.size}",
        "normalise": f"normalise by {operation.amount:g} and {operation.scale:g}",
    }[operation.name]
