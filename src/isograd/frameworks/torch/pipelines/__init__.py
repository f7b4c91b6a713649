"""Input pipelines as one writes them for PyTorch: `torch.utils.data.DataLoader`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

from isograd.errors import UsageError
from isograd.frameworks.torch.pipelines.datasets import (
    BatchedRows,
    EachItem,
    EachRow,
    ShuffledBlocks,
)
from isograd.pipelines.augmentation import Augmented
from isograd.pipelines.items import ArrayItems, Items, Pair
from isograd.pipelines.source import Source
from isograd.pipelines.specification import Delivering, Specification


class LoaderPipeline:
    """A ``DataLoader``, or any iterable of (inputs, targets) that a user made."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def epoch(self) -> Iterator[Any]:
        return iter(self.loader)

    def arrays(self, batch: Any) -> Pair:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise UsageError(
                f"A batch of this pipeline is a {type(batch).__name__}, not (inputs, targets)."
            )
        inputs, targets = (np.asarray(part) for part in batch)
        return inputs, targets

    def close(self) -> None:
        self.loader = None  # its workers end with it


def open_pipeline(
    items: Items,
    source: Source,
    specification: Specification,
    delivering: Delivering,
    augmented: Augmented | None = None,
) -> LoaderPipeline:
    """The pipeline of this specification. Raises `UsageError` where it has no meaning for such a
    source."""
    generator = torch.Generator().manual_seed(delivering.seed)
    workers: dict[str, Any] = {"num_workers": specification.workers}
    if specification.workers:
        workers |= {"prefetch_factor": specification.prefetch, "persistent_workers": True}
    size = delivering.batch_size
    if specification.whole_batches:
        return LoaderPipeline(_batched(items, size, generator, augmented))
    transform = _transform(augmented)
    if hasattr(items, "item"):
        rows = EachRow(items, transform)
        shuffled = RandomSampler(rows, generator=generator)
        return LoaderPipeline(DataLoader(rows, size, sampler=shuffled, **workers))
    blocks = ShuffledBlocks(items, delivering.seed, transform)
    return LoaderPipeline(DataLoader(blocks, size, **workers))


def _batched(
    items: Items, size: int, generator: torch.Generator, augmented: Augmented | None
) -> DataLoader[Any]:
    if not isinstance(items, ArrayItems) or augmented:
        raise UsageError("Whole batches are read from arrays in memory only.")
    rows = BatchedRows(items)
    numbers = BatchSampler(RandomSampler(range(len(rows)), generator=generator), size, False)
    return DataLoader(rows, batch_size=None, sampler=numbers)


def _transform(augmented: Augmented | None) -> EachItem | None:
    if augmented is None:
        return None
    from isograd.frameworks.torch.pipelines.augmenting import transform

    return transform(augmented)


def open_feed(made: Any) -> LoaderPipeline:
    """A user's pipeline: an iterable of batches."""
    return LoaderPipeline(made)


def depth_of(made: Any) -> int:
    """How many batches it may have ready before they are asked for."""
    if not isinstance(made, DataLoader) or not made.num_workers:
        return 0
    return made.num_workers * (made.prefetch_factor or 0) + made.num_workers


def in_this_process(made: Any) -> Any:
    """The same pipeline without workers, so that one can see what its code does."""
    if not isinstance(made, DataLoader) or not made.num_workers:
        return made
    alone = copy.copy(made)
    for name, value in (("num_workers", 0), ("prefetch_factor", None)):
        object.__setattr__(alone, name, value)
    object.__setattr__(alone, "persistent_workers", False)
    object.__setattr__(alone, "timeout", 0)
    object.__setattr__(alone, "_iterator", None)
    return alone
