"""Mappings: which tensor of one side is which of the other, and how to turn one into the other.

Every `Transform` is invertible, so weights, gradients, optimizer state and running statistics
travel both ways through the same mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""An array of any element type."""

Arrays = dict[str, Array]
"""Tensor name to array."""


@dataclass(frozen=True)
class Permute:
    """Axis ``i`` of the result is axis ``axes[i]`` of the argument."""

    axes: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        return np.transpose(array, self.axes)

    @property
    def inverse(self) -> Permute:
        return Permute(tuple(int(axis) for axis in np.argsort(self.axes)))


@dataclass(frozen=True)
class Reorder:
    """Sees ``axis`` as a flattened block of ``sizes``, permutes the block by ``order`` and
    flattens it again: what a channels-last network does to the features behind a Flatten.
    """

    axis: int
    sizes: tuple[int, ...]
    order: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        index = np.arange(prod(self.sizes)).reshape(self.sizes).transpose(self.order).ravel()
        return np.take(array, index, axis=self.axis)

    @property
    def inverse(self) -> Reorder:
        sizes = tuple(self.sizes[axis] for axis in self.order)
        return Reorder(self.axis, sizes, tuple(int(axis) for axis in np.argsort(self.order)))


@dataclass(frozen=True)
class Blocks:
    """Sees ``axis`` as ``len(order)`` equal blocks; block ``i`` of the result is block
    ``order[i]`` of the argument: what another order of a recurrent layer's gates does.
    """

    axis: int
    order: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        blocks = np.split(array, len(self.order), axis=self.axis)
        return np.concatenate([blocks[i] for i in self.order], axis=self.axis)

    @property
    def inverse(self) -> Blocks:
        return Blocks(self.axis, tuple(int(i) for i in np.argsort(self.order)))


@dataclass(frozen=True)
class Reshaped:
    """The same elements in row-major order under another shape, from ``before`` to ``after``."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        return np.reshape(array, self.after)

    @property
    def inverse(self) -> Reshaped:
        return Reshaped(self.after, self.before)


Step = Permute | Reorder | Blocks | Reshaped
"""One invertible step."""


@dataclass(frozen=True)
class Transform:
    """Steps applied from left to right; no steps is the identity."""

    steps: tuple[Step, ...] = ()

    def __call__(self, array: Array) -> Array:
        return np.asarray(self.view(array), order="C")

    def view(self, array: Array) -> Array:
        """The result without a copy where its elements are where they were in memory."""
        for step in self.steps:
            array = step(array)
        return array

    @property
    def inverse(self) -> Transform:
        return Transform(tuple(step.inverse for step in reversed(self.steps)))

    def __rshift__(self, after: Transform) -> Transform:
        """First this transform, then ``after``."""
        return Transform(self.steps + after.steps)


@dataclass(frozen=True)
class Link:
    """``twin = transform(reference)`` for one pair of tensors."""

    reference: str
    twin: str
    transform: Transform = Transform()


@dataclass(frozen=True)
class TensorMap:
    """A bijection between two sets of named tensors."""

    links: tuple[Link, ...]

    def __post_init__(self) -> None:
        for side in ("reference", "twin"):
            counts = Counter(getattr(link, side) for link in self.links)
            twice = {name for name, count in counts.items() if count > 1}
            if twice:
                raise ValueError(f"not a bijection: {side} tensor {min(twice)!r} is mapped twice")

    def forward(self, arrays: Mapping[str, Array]) -> Arrays:
        """Reference tensors to twin tensors. Raises `KeyError` for a tensor that is not mapped."""
        by_name = {link.reference: link for link in self.links}
        return {by_name[name].twin: by_name[name].transform(a) for name, a in arrays.items()}

    def backward(self, arrays: Mapping[str, Array]) -> Arrays:
        """Twin tensors to reference tensors. Raises `KeyError` for a tensor that is not mapped."""
        by_name = {link.twin: link for link in self.links}
        return {
            by_name[name].reference: by_name[name].transform.inverse(a)
            for name, a in arrays.items()
        }

    def compose(self, after: TensorMap) -> TensorMap:
        """The map that first goes through this one, then through ``after``."""
        second = {link.reference: link for link in after.links}
        return TensorMap(
            tuple(
                Link(
                    link.reference,
                    second[link.twin].twin,
                    link.transform >> second[link.twin].transform,
                )
                for link in self.links
            )
        )

    @property
    def inverse(self) -> TensorMap:
        """The map in the other direction."""
        return TensorMap(
            tuple(Link(link.twin, link.reference, link.transform.inverse) for link in self.links)
        )

    @property
    def names(self) -> dict[str, str]:
        """Reference name to twin name."""
        return {link.reference: link.twin for link in self.links}


def identity_map(names: Iterable[str]) -> TensorMap:
    """Every tensor mapped to itself."""
    return TensorMap(tuple(Link(name, name) for name in names))
