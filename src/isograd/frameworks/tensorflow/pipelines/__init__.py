"""Input pipelines as one writes them for TensorFlow: `tf.data`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.pipelines.datasets import Raw, raw_items
from isograd.pipelines.augmentation import Augmented
from isograd.pipelines.items import ArrayItems, Items, Pair
from isograd.pipelines.source import Source
from isograd.pipelines.specification import Delivering, Specification


class DatasetPipeline:
    """A `tf.data.Dataset`, or any iterable of (inputs, targets) that a user made."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def epoch(self) -> Iterator[Any]:
        return iter(self.dataset)

    def arrays(self, batch: Any) -> Pair:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise UsageError(
                f"A batch of this pipeline is a {type(batch).__name__}, not (inputs, targets)."
            )
        inputs, targets = (np.asarray(part) for part in batch)
        return inputs, targets

    def close(self) -> None:
        self.dataset = None


def open_pipeline(
    items: Items,
    source: Source,
    specification: Specification,
    delivering: Delivering,
    augmented: Augmented | None = None,
) -> DatasetPipeline:
    """The pipeline of this specification. Raises `UsageError` where it has no meaning for such a
    source."""
    if specification.whole_batches:
        dataset = _gathered(items, delivering, augmented)
    else:
        dataset = _shuffled(items, source, specification, delivering, augmented)
    if specification.prefetch:
        dataset = dataset.prefetch(specification.prefetch)
    return DatasetPipeline(dataset.with_options(_threads(specification.workers)))


def _shuffled(
    items: Items,
    source: Source,
    specification: Specification,
    delivering: Delivering,
    augmented: Augmented | None,
) -> tf.data.Dataset:
    calls = specification.workers or None
    raw = raw_items(items, source, delivering.seed, calls)
    numbered = raw.dataset.enumerate() if augmented else raw.dataset
    size, seed = min(delivering.buffer, items.count), delivering.seed
    if specification.cache:
        dataset = _decoded(numbered, raw, augmented, calls).cache().shuffle(size, seed)
    else:
        dataset = _decoded(numbered.shuffle(size, seed), raw, augmented, calls)
    if augmented:
        from isograd.frameworks.tensorflow.pipelines.augmenting import transform

        change = transform(augmented)
        dataset = dataset.map(lambda i, x, y: (change(x, i), y), num_parallel_calls=calls)
    return dataset.batch(delivering.batch_size)


def _decoded(
    dataset: tf.data.Dataset, raw: Raw, augmented: Augmented | None, calls: int | None
) -> tf.data.Dataset:
    """(inputs, target), with the item's number in front where something is drawn for it."""
    decode = raw.decode
    if augmented:
        return dataset.map(lambda i, pair: (i, *decode(*pair)), num_parallel_calls=calls)
    return dataset if raw.ready else dataset.map(decode, num_parallel_calls=calls)


def _gathered(items: Items, delivering: Delivering, augmented: Augmented | None) -> tf.data.Dataset:
    """The numbers are shuffled, all of them, and a batch is gathered at once."""
    if not isinstance(items, ArrayItems) or augmented:
        raise UsageError("Whole batches are read from arrays in memory only.")
    inputs, targets = tf.constant(items.inputs), tf.constant(items.labels)
    numbers = tf.data.Dataset.range(items.count).shuffle(items.count, delivering.seed)
    return numbers.batch(delivering.batch_size).map(
        lambda rows: (tf.gather(inputs, rows), tf.gather(targets, rows))
    )


def _threads(calls: int) -> tf.data.Options:
    """Threads of its own, as many as calls may run at a time: the network's are left to it."""
    options = tf.data.Options()
    options.threading.private_threadpool_size = max(calls, 1)
    options.autotune.enabled = False
    return options


def open_feed(made: Any) -> DatasetPipeline:
    """A user's pipeline: an iterable of batches."""
    return DatasetPipeline(made)


DEPTH = 4
"""A data set does not say how far it prefetches: more than most do."""


def depth_of(made: Any) -> int:
    """How many batches it may have ready before they are asked for."""
    return DEPTH if isinstance(made, tf.data.Dataset) else 0


def in_this_process(made: Any) -> Any:
    """The same: tf.data calls Python in threads of this process."""
    return made
