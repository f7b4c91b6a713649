"""One tensor of two sides, whatever its kind, judged by its envelope and the scale of its terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from isograd.ir.mapping import Array, Arrays, Link, Transform
from isograd.proof.judge import DIVERGED, Deviation, deviation

CANCELLING = 1e4
"""How much larger than a value itself its terms count, at most, where its rounding is judged: a
mask of -1e9 says nothing about the precision of what is left."""

FEW = 4
"""Numbers that are shown from the worst coordinate on."""


@dataclass(frozen=True)
class Item:
    """One tensor to compare. ``before`` names the items that must agree for it to be blamed, and
    ``node`` who is then at fault; ``names`` is what it is called on both sides. All arrays have the
    reference's axes; ``transform`` leads to the twin's. ``natural`` is the scale of its terms."""

    key: str
    node: str
    names: tuple[str, str]
    before: tuple[str, ...]
    reference: Array
    twin: Array
    disturbed: tuple[Array, ...]
    transform: Transform
    natural: float = 0.0

    @property
    def comparable(self) -> bool:
        """Whether it is known which element is which; other sizes are a difference."""
        shapes = self.reference.shape, self.twin.shape
        return shapes[0] == shapes[1] or self.reference.size != self.twin.size


class Tensors:
    """The tensors of one kind on all sides: the reference, the twin, and the reference disturbed.
    ``prefix`` is what their names begin with."""

    def __init__(self, sides: Sequence[Arrays], prefix: str = "") -> None:
        self.sides, self.prefix = sides, prefix
        self._sizes: dict[str, float] = {}

    def have(self, link: Link) -> bool:
        """Whether both sides have such a tensor."""
        return link.reference in self.sides[0] and link.twin in self.sides[1]

    def item(
        self,
        link: Link,
        node: str,
        before: tuple[str, ...],
        *,
        terms: Iterable[str] = (),
        key: str = "",
    ) -> Item:
        """A tensor as an item; ``terms`` name the reference's tensors that it is made from."""
        ours, theirs, *others = self.sides
        name, twin = link.reference, link.twin
        terms = (term for term in terms if term in ours)
        scale = self._size(name)
        return Item(
            key or name,
            node,
            (f"{self.prefix}{name}", f"{self.prefix}{twin}"),
            before,
            ours[name],
            _turned(link.transform, theirs[twin], ours[name]),
            tuple(other[name] for other in others),
            link.transform,
            min(max(map(self._size, terms), default=0.0), max(CANCELLING * scale, 1.0)),
        )

    def _size(self, name: str) -> float:
        if name not in self._sizes:
            self._sizes[name] = _largest(self.sides[0][name])
        return self._sizes[name]


def judged(item: Item) -> Deviation:
    """How far the twin is off. Values that are infinite, not a number or huge agree where they are
    the same on both sides."""
    ours, theirs, *others = (
        np.asarray(array, np.float64) for array in (item.reference, item.twin, *item.disturbed)
    )
    name = item.names[0]
    if ours.shape == theirs.shape and not all(map(_is_tame, (ours, theirs, *others))):
        same = (np.isnan(ours) & np.isnan(theirs)) | ((ours == theirs) & (abs(ours) > DIVERGED))
        ours, theirs, *others = (np.where(same, 0.0, array) for array in (ours, theirs, *others))
        finite = np.isfinite(ours)
        if any((finite != np.isfinite(other)).any() for other in others):
            detail = "rounding decides where the reference is finite"
            return Deviation(name, "inconclusive", np.nan, np.nan, np.nan, np.inf, detail)
        if not finite.all():
            detail = "the reference is not finite where the twin is, or in another way"
            return Deviation(name, "different", np.inf, np.inf, 0.0, np.inf, detail)
    return deviation(name, ours, theirs, others, item.natural)


def worst_place(item: Item) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The index of the largest deviation, in the reference's tensor and in the twin's own."""
    distance = np.abs(1.0 * item.twin - item.reference)
    flat = int(np.argmax(np.nan_to_num(distance, nan=np.inf)))
    there = item.transform(np.arange(distance.size).reshape(distance.shape)) == flat
    return _index(flat, distance.shape), _index(int(np.argmax(there)), there.shape)


def excerpt(array: Array, index: tuple[int, ...]) -> list[float]:
    """A few numbers along the last axis, from ``index`` on."""
    if not array.ndim:
        return [float(array)]
    return [float(x) for x in array[index[:-1]][index[-1] : index[-1] + FEW]]


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def _turned(transform: Transform, array: Array, like: Array) -> Array:
    """A value of the twin with the reference's axes; those of size 1 may lie anywhere."""
    try:
        turned = transform.inverse.view(array)
    except ValueError:  # a value of another size
        return array
    if turned.shape != like.shape and _long(turned) == _long(like):
        return turned.reshape(like.shape)
    return turned


def _long(array: Array) -> tuple[int, ...]:
    return tuple(size for size in array.shape if size != 1)


def _is_tame(array: Array) -> bool:
    """Whether all is finite, and nothing huge."""
    return bool(array.max(initial=0) <= DIVERGED and array.min(initial=0) >= -DIVERGED)


def _largest(array: Array) -> float:
    """The largest magnitude of what is finite and not huge."""
    if array.dtype.kind != "f":
        return float(np.abs(1.0 * array).max(initial=0))
    if _is_tame(array):
        return float(max(array.max(initial=0), -array.min(initial=0)))
    return float(np.abs(array[np.abs(array) <= DIVERGED]).max(initial=0))
