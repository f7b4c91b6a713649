"""Data sets for a ``DataLoader``: by number, by whole batches, and streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from isograd.pipelines.items import ArrayItems

EachItem = Callable[[Any, int], Any]
"""What is done to the inputs of one item, by its number."""


class EachRow(Dataset[Any]):
    """Items that can be read one by one."""

    def __init__(self, items: Any, transform: EachItem | None) -> None:
        self.items, self.transform = items, transform

    def __len__(self) -> int:
        return int(self.items.count)

    def __getitem__(self, index: int) -> Any:
        inputs, target = self.items.item(index)
        return (self.transform(inputs, index) if self.transform else inputs), target


class BatchedRows(Dataset[Any]):
    """Arrays of which a whole batch is gathered at once."""

    def __init__(self, items: ArrayItems) -> None:
        self.inputs = torch.from_numpy(np.ascontiguousarray(items.inputs))
        self.targets = torch.from_numpy(np.ascontiguousarray(items.labels))

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, rows: Any) -> tuple[Tensor, Tensor]:
        numbers = torch.tensor(rows)
        return self.inputs.index_select(0, numbers), self.targets.index_select(0, numbers)


class ShuffledBlocks(IterableDataset[Any]):
    """A stream of blocks, each shuffled in itself, in an order of their own where the file allows
    that. Workers share the blocks out among them."""

    def __init__(self, items: Any, seed: int, transform: EachItem | None) -> None:
        self.items, self.seed, self.transform = items, seed, transform
        self._starts = np.concatenate(([0], np.cumsum(items.sizes)[:-1]))
        self._epoch = 0

    def __iter__(self) -> Iterator[Any]:
        generator = np.random.default_rng([self.seed, self._epoch])
        self._epoch += 1
        numbers = self._share(generator)
        for number, (inputs, targets) in zip(numbers, self.items.read(numbers), strict=True):
            for row in generator.permutation(len(targets)):
                index = int(self._starts[number] + row)
                found = self.transform(inputs[row], index) if self.transform else inputs[row]
                yield found, targets[row]

    def _share(self, generator: np.random.Generator) -> list[int]:
        """The blocks of this worker; every worker draws the same order."""
        order = np.arange(len(self.items.sizes))
        if self.items.reorder:
            generator.shuffle(order)
        worker = get_worker_info()
        return [int(n) for n in (order[worker.id :: worker.num_workers] if worker else order)]
