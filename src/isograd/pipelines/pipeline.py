"""What a pipeline is to whoever reads from it, and the one that all others are held against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from isograd.errors import UsageError
from isograd.pipelines.items import ArrayItems, Items, Pair
from isograd.pipelines.specification import Delivering


class Pipeline(Protocol):
    """Delivers all items in batches, again and again. A batch is whatever its framework makes of
    it; `arrays` shows it as NumPy sees it."""

    def epoch(self) -> Iterator[Any]:
        """The batches of one more epoch; the last one may be smaller."""

    def arrays(self, batch: Any) -> Pair:
        """A batch's inputs and targets. Raises `UsageError` where it is none."""

    def close(self) -> None:
        """Ends its workers; it is not used any more."""


class Memory:
    """NumPy arrays: a permutation for each epoch, a gather for each batch."""

    def __init__(self, items: ArrayItems, delivering: Delivering) -> None:
        self.items, self.size = items, delivering.batch_size
        self._generator = np.random.default_rng(delivering.seed)

    def epoch(self) -> Iterator[Pair]:
        order = self._generator.permutation(self.items.count)
        for start in range(0, len(order), self.size):
            rows = order[start : start + self.size]
            yield self.items.inputs[rows], self.items.labels[rows]

    def arrays(self, batch: Pair) -> Pair:
        return batch

    def close(self) -> None:
        """There is nothing to end."""


def has_map(items: Items, augmented: bool) -> bool:
    """Whether something is computed for each item: without, there is nothing to do in parallel and
    nothing to cache."""
    return augmented or not isinstance(items, ArrayItems)


def each_epoch(pipeline: Pipeline) -> Iterator[Any]:
    """Batches of one epoch after the other, without an end. Raises `UsageError` for a pipeline that
    delivers nothing."""
    while True:
        count = 0
        for batch in pipeline.epoch():
            count += 1
            yield batch
        if not count:
            raise UsageError("The pipeline delivered no batch.")
