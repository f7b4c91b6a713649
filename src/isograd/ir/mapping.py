"""Mappings: which tensor of one side is which of the other, and how to turn one into the other.

Every `Transform` is invertible, so weights, gradients, optimizer state and running statistics
travel both ways through the same mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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

    @property
    def references(self) -> tuple[str, ...]:
        return (self.reference,)

    @property
    def twins(self) -> tuple[str, ...]:
        return (self.twin,)

    def forward(self, arrays: Sequence[Array]) -> list[Array]:
        return [self.transform(array) for array in arrays]

    @property
    def inverse(self) -> Link:
        return Link(self.twin, self.reference, self.transform.inverse)


@dataclass(frozen=True)
class Split:
    """One tensor that the twin has in pieces: ``transform(reference)``, cut along its first axis
    into equal pieces, each of which goes through its transform in ``pieces``. What attention that
    projects its queries, keys and values at once is to attention that has a layer for each.
    """

    reference: str
    twins: tuple[str, ...]
    transform: Transform
    pieces: tuple[Transform, ...]

    @property
    def references(self) -> tuple[str, ...]:
        return (self.reference,)

    def forward(self, arrays: Sequence[Array]) -> list[Array]:
        (whole,) = arrays
        cut = np.split(self.transform(whole), len(self.pieces))
        return [piece(array) for piece, array in zip(self.pieces, cut, strict=True)]

    @property
    def inverse(self) -> Join:
        return Join(self)


@dataclass(frozen=True)
class Join:
    """The other way: the pieces are the reference's, ``split`` goes back to them."""

    split: Split

    @property
    def references(self) -> tuple[str, ...]:
        return self.split.twins

    @property
    def twins(self) -> tuple[str, ...]:
        return (self.split.reference,)

    def forward(self, arrays: Sequence[Array]) -> list[Array]:
        pieces = zip(self.split.pieces, arrays, strict=True)
        whole = np.concatenate([piece.inverse(array) for piece, array in pieces])
        return [self.split.transform.inverse(whole)]

    @property
    def inverse(self) -> Split:
        return self.split


AnyLink = Link | Split | Join
"""``references`` become ``twins``, all at once."""


@dataclass(frozen=True)
class TensorMap:
    """A bijection between two sets of named tensors: ``links`` from one to one, and ``cuts``, where
    one side has in pieces what the other one has whole."""

    links: tuple[Link, ...]
    cuts: tuple[Split | Join, ...] = ()

    def __post_init__(self) -> None:
        for side in ("reference", "twin"):
            counts = Counter(name for link in self.all_links for name in getattr(link, f"{side}s"))
            twice = {name for name, count in counts.items() if count > 1}
            if twice:
                raise ValueError(f"not a bijection: {side} tensor {min(twice)!r} is mapped twice")

    def forward(self, arrays: Mapping[str, Array]) -> Arrays:
        """Reference tensors to twin tensors. Raises `KeyError` for a tensor that is not mapped, and
        for a piece that lacks the others."""
        by_name = self.by_reference
        result: Arrays = {}
        for name in arrays:
            link = by_name[name]
            if link.twins[0] not in result:
                made = link.forward([arrays[each] for each in link.references])
                result |= zip(link.twins, made, strict=True)
        return result

    def backward(self, arrays: Mapping[str, Array]) -> Arrays:
        """Twin tensors to reference tensors. Raises `KeyError` for a tensor that is not mapped, and
        for a piece that lacks the others."""
        return self.inverse.forward(arrays)

    def compose(self, after: TensorMap) -> TensorMap:
        """The map that first goes through this one, then through ``after``. Raises `ValueError`
        where what one cuts, the other cuts or joins again."""
        second = after.by_reference
        first = {name: link for link in self.all_links for name in link.twins}
        found: dict[tuple[str, ...], AnyLink] = {}
        for link in self.all_links:
            following = [*dict.fromkeys(second[name] for name in link.twins)]
            if isinstance(following[0], Join):
                whole = following[0]
                before = [first[name] for name in whole.references]
                found[whole.references] = _then(whole.inverse, _inverses(before)).inverse
            elif isinstance(link, Join):
                found[link.references] = _then(following[0].inverse, [link.inverse]).inverse
            else:
                found[link.references] = _then(link, following)
        return _mapped(found.values())

    @property
    def inverse(self) -> TensorMap:
        """The map in the other direction."""
        return _mapped(_inverses(self.all_links))

    @property
    def all_links(self) -> tuple[AnyLink, ...]:
        """Links and cuts."""
        return (*self.links, *self.cuts)

    @property
    def by_reference(self) -> dict[str, AnyLink]:
        """Reference name to its link."""
        return {name: link for link in self.all_links for name in link.references}

    @property
    def references(self) -> tuple[str, ...]:
        """The names of the reference's tensors."""
        return tuple(name for link in self.all_links for name in link.references)

    @property
    def twins(self) -> tuple[str, ...]:
        """The names of the twin's tensors."""
        return tuple(name for link in self.all_links for name in link.twins)

    @property
    def names(self) -> dict[str, str]:
        """Reference name to twin name, of those that are one tensor on both sides."""
        return {link.reference: link.twin for link in self.links}

    def twins_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The twin's names of these tensors, each once. Raises `KeyError` for one that is not
        mapped."""
        links = self.by_reference
        return tuple(dict.fromkeys(twin for name in names for twin in links[name].twins))


def _mapped(links: Iterable[AnyLink]) -> TensorMap:
    links = tuple(links)
    return TensorMap(
        tuple(link for link in links if isinstance(link, Link)),
        tuple(link for link in links if not isinstance(link, Link)),
    )


def _inverses(links: Iterable[AnyLink]) -> list[AnyLink]:
    return [link.inverse for link in links]


def _then(link: AnyLink, following: Sequence[AnyLink]) -> AnyLink:
    """One link after which others follow, one for each of its twins."""
    ends = [end for end in following if isinstance(end, Link)]
    if isinstance(link, Link) and isinstance(following[0], Split):
        end = following[0]
        return Split(link.reference, end.twins, link.transform >> end.transform, end.pieces)
    if isinstance(link, Link) and ends:
        return Link(link.reference, ends[0].twin, link.transform >> ends[0].transform)
    if isinstance(link, Split) and len(ends) == len(link.twins):
        pieces = (piece >> end.transform for piece, end in zip(link.pieces, ends, strict=True))
        return Split(link.reference, tuple(end.twin for end in ends), link.transform, tuple(pieces))
    raise ValueError(f"{link.references[0]!r} is cut, or joined, more than once")


def identity_map(names: Iterable[str]) -> TensorMap:
    """Every tensor mapped to itself."""
    return TensorMap(tuple(Link(name, name) for name in names))
