"""How a value lies in memory when a framework prefers another axis order than the logical one."""

from __future__ import annotations

from dataclasses import dataclass

from isograd.ir.mapping import Permute, Reorder, Transform

Order = tuple[int, ...]
"""Physical axis ``i`` holds logical axis ``order[i]``."""


def logical_order(rank: int) -> Order:
    """Every axis where the IR has it."""
    return tuple(range(rank))


def channels_last(rank: int) -> Order:
    """[N, C, *spatial] held as [N, *spatial, C]."""
    return (0, *range(2, rank), 1)


@dataclass(frozen=True)
class Placement:
    """The physical order of a value's axes and, behind a Flatten, of its features.

    ``features`` reorders the last axis, which is then the last one physically too. ``origins``
    names the Flatten nodes that made it so.
    """

    order: Order
    features: Reorder | None = None
    origins: frozenset[str] = frozenset()

    @property
    def is_logical(self) -> bool:
        """Whether nothing is moved."""
        return self.features is None and self.order == logical_order(len(self.order))

    @property
    def transform(self) -> Transform:
        """From the logical value to the physical one."""
        moved = self.order != logical_order(len(self.order))
        permute = (Permute(self.order),) if moved else ()
        return Transform(permute + ((self.features,) if self.features else ()))

    def position(self, axis: int) -> int:
        """The physical position of a logical axis; a negative one counts from the end."""
        return self.order.index(axis % len(self.order))

    def without(self, axes: tuple[int, ...]) -> Placement:
        """What is left when the logical ``axes`` (not negative) go away."""
        kept = [axis for axis in self.order if axis not in axes]
        return Placement(tuple(sorted(kept).index(axis) for axis in kept))

    def transposed(self, axes: tuple[int, ...]) -> Placement:
        """The same memory seen through an IR Transpose by ``axes``."""
        return Placement(tuple(axes.index(axis) for axis in self.order))


def logical(rank: int) -> Placement:
    """The placement that moves nothing."""
    return Placement(logical_order(rank))
