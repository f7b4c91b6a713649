"""What a source holds: items in file order, by number or in blocks as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from isograd.ir.mapping import Array

Pair = tuple[Array, Array]
"""Inputs and targets: of one item, or of many with the number of items first."""


class Items(Protocol):
    """Items in file order."""

    @property
    def count(self) -> int:
        """How many there are."""

    @property
    def targets(self) -> Array | None:
        """All targets, where they are classes."""

    def groups(self) -> Iterator[Pair]:
        """All items in file order, some at a time, each group stacked."""


class Blocks(Items, Protocol):
    """Items that are read by the block, such as the row groups of a table. ``sizes`` is how many
    items each has; ``reorder`` whether they can be read in any order."""

    sizes: Sequence[int]
    reorder: bool

    def read(self, numbers: Sequence[int]) -> Iterator[Pair]:
        """These blocks, in ascending order where they cannot be reordered."""


@dataclass(frozen=True)
class ArrayItems:
    """Arrays in memory: inputs [items, ...] and targets [items, ...]."""

    inputs: Array
    labels: Array

    @property
    def count(self) -> int:
        return len(self.labels)

    @property
    def targets(self) -> Array | None:
        return classes_of(self.labels)

    def item(self, index: int) -> Pair:
        return self.inputs[index], self.labels[index]

    def groups(self) -> Iterator[Pair]:
        yield self.inputs, self.labels


def classes_of(labels: Array) -> Array | None:
    """The labels where they are classes: one whole number for each item."""
    return labels if labels.ndim == 1 and labels.dtype.kind in "iu" else None


def in_memory(items: Items) -> ArrayItems:
    """All of it as arrays."""
    if isinstance(items, ArrayItems):
        return items
    inputs, labels = zip(*items.groups(), strict=True)
    return ArrayItems(np.concatenate(inputs), np.concatenate(labels))
