"""What is done to images at random: a definition in NumPy that both frameworks are held against.

All draws are made once, with NumPy, for every item of an epoch, so that the two sides turn, cut and
brighten each image alike. Images are [height, width] or [height, width, channels].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError, unknown
from isograd.ir.mapping import Array

Name = Literal["flip", "crop", "rotate", "brightness", "resize", "normalise"]


@dataclass(frozen=True)
class Operation:
    """One step: ``flip`` (left to right, half of the images), ``crop`` (``size`` out of the image
    with ``amount`` zeros around it), ``rotate`` (by 0 to 3 quarter turns), ``brightness`` (times 1
    ± ``amount``), ``resize`` (bilinear, half-pixel centres, no antialiasing, to ``size``),
    ``normalise`` (minus ``amount``, over ``scale``)."""

    name: Name
    size: int = 0
    amount: float = 0.0
    scale: float = 1.0

    @property
    def exact(self) -> bool:
        """Whether it only moves pixels, so that both sides must give the same bytes."""
        return self.name in ("flip", "crop", "rotate")


@dataclass(frozen=True)
class Augmentation:
    """Operations in order; those that compute make float32 of whatever they get."""

    operations: tuple[Operation, ...]

    @property
    def exact(self) -> bool:
        """Whether it only moves pixels."""
        return all(operation.exact for operation in self.operations)


Draws = dict[int, Array]
"""Number of an operation to what was drawn for it, a row for each item; none where nothing is."""


@dataclass(frozen=True)
class Augmented:
    """An augmentation with the draws for every item."""

    augmentation: Augmentation
    draws: Draws = field(default_factory=dict)


def parse(text: str) -> Augmentation:
    """``flip,crop=28+2,rotate,brightness=0.2,resize=32,normalise=0.5/0.25``. Raises `UsageError`
    for anything else."""
    return Augmentation(tuple(_operation(word.strip()) for word in text.split(",")))


def _operation(word: str) -> Operation:
    name, _, value = word.partition("=")
    if name not in _READERS:
        raise unknown("augmentation", name, _READERS)
    try:
        return _READERS[name](value)
    except ValueError:
        raise UsageError(f"--augment {word} is not understood.", hint=f"Write {_FORMS}.") from None


def _crop(value: str) -> Operation:
    size, _, padding = value.partition("+")
    return Operation("crop", size=_positive(size), amount=int(padding or 0))


def _normalise(value: str) -> Operation:
    mean, _, deviation = value.partition("/")
    scale = float(deviation)
    if scale <= 0:
        raise ValueError(value)
    return Operation("normalise", amount=float(mean), scale=scale)


def _positive(text: str) -> int:
    size = int(text)
    if size < 1:
        raise ValueError(text)
    return size


def _bare(name: Name, value: str) -> Operation:
    if value:
        raise ValueError(value)
    return Operation(name)


_READERS: dict[str, Callable[[str], Operation]] = {
    "flip": partial(_bare, "flip"),
    "crop": _crop,
    "rotate": partial(_bare, "rotate"),
    "brightness": lambda value: Operation("brightness", amount=float(value)),
    "resize": lambda value: Operation("resize", size=_positive(value)),
    "normalise": _normalise,
}

_FORMS = "flip,crop=28+2,rotate,brightness=0.2,resize=32,normalise=0.5/0.25"


def draw(augmentation: Augmentation, count: int, shape: Sequence[int], seed: int = 0) -> Augmented:
    """Draws for ``count`` images of this shape. Raises `UsageError` where they do not fit."""
    generator = np.random.default_rng(seed)
    draws: Draws = {}
    if len(shape) not in (2, 3):
        raise UsageError(f"Items of shape {list(shape)} are no images; nothing can be augmented.")
    height, width = shape[:2]
    for number, operation in enumerate(augmentation.operations):
        if operation.name == "flip":
            draws[number] = generator.random(count) < 0.5
        elif operation.name == "rotate":
            if height != width:
                raise UsageError("Only square images can be turned by a quarter in a batch.")
            draws[number] = generator.integers(0, 4, count)
        elif operation.name == "brightness":
            low, high = 1 - operation.amount, 1 + operation.amount
            draws[number] = generator.uniform(low, high, count).astype(np.float32)
        elif operation.name == "crop":
            room = [int(n + 2 * operation.amount - operation.size) for n in (height, width)]
            if min(room) < 0:
                raise UsageError(f"A crop of {operation.size} is larger than the padded image.")
            draws[number] = generator.integers(0, np.array(room) + 1, (count, 2))
            height = width = operation.size
        elif operation.name == "resize":
            height = width = operation.size
    return Augmented(augmentation, draws)


def apply(augmented: Augmented, image: Array, index: int, kind: Any = np.float32) -> Array:
    """The definition, computed in ``kind``: what an item becomes."""
    for number, operation in enumerate(augmented.augmentation.operations):
        drawn = augmented.draws.get(number)
        image = _apply(operation, image, None if drawn is None else drawn[index], kind)
    return image


def _apply(operation: Operation, image: Array, drawn: Any, kind: Any) -> Array:
    if operation.name == "flip":
        return image[:, ::-1] if drawn else image
    if operation.name == "rotate":
        return np.rot90(image, int(drawn))
    if operation.name == "crop":
        around = int(operation.amount)
        padded = np.pad(image, [(around, around)] * 2 + [(0, 0)] * (image.ndim - 2))
        top, left = drawn
        return padded[top : top + operation.size, left : left + operation.size]
    values = image.astype(kind)
    if operation.name == "brightness":
        return values * kind(drawn)
    if operation.name == "normalise":
        return (values - kind(operation.amount)) / kind(operation.scale)
    return _resized(_resized(values, operation.size, 0), operation.size, 1)


def _resized(values: Array, size: int, axis: int) -> Array:
    """Bilinear along one axis, at (i + 1/2) · old / new - 1/2; beyond the edge it is the edge.

    Source: the half-pixel rule of `torch.nn.functional.interpolate(align_corners=False)` and
    `tf.image.resize`.
    """
    old = values.shape[axis]
    at = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, old - 1)
    share: NDArray[np.floating] = (at - low).astype(values.dtype)
    share = share.reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    return values.take(low, axis) * (1 - share) + values.take(high, axis) * share
