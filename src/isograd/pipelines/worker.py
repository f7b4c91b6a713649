"""The process in which one pipeline runs alone: ``python -m isograd.pipelines.worker FD``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from time import perf_counter, perf_counter_ns
from typing import Any

import numpy as np
import psutil

from isograd.feeding import Delivery, Shuffle
from isograd.frameworks import DISTRIBUTIONS, part
from isograd.ir.mapping import Array
from isograd.measure.memory import peak_memory_mb
from isograd.measure.worker import serve
from isograd.pipelines.augmentation import Augmentation, Augmented, draw
from isograd.pipelines.delivery import Catalogue, judge
from isograd.pipelines.feed import FeedPipeline, FeedReference, find_spots
from isograd.pipelines.items import Items, in_memory
from isograd.pipelines.pipeline import Memory, Pipeline, each_epoch
from isograd.pipelines.shuffling import shuffle_quality
from isograd.pipelines.source import Source, open_items
from isograd.pipelines.specification import Delivering, Specification
from isograd.waiting import Spot


class Feeder:
    """One pipeline over one source, or a user's own."""

    def start(self, framework: str, threads: int) -> float:
        """Imports and configures the framework, if there is one; returns the seconds it took."""
        begin = perf_counter()
        for name in DISTRIBUTIONS.get(framework, ()):
            __import__(name)
        seconds = perf_counter() - begin
        if framework:
            part(framework, "runtime").configure("cpu", threads)
        return seconds

    def open(
        self,
        source: Source,
        specification: Specification,
        delivering: Delivering,
        augmentation: Augmentation | None = None,
    ) -> float:
        """Opens a pipeline; returns the seconds until its first batch is there."""
        begin = perf_counter()
        items = open_items(source)
        augmented = drawn_for(items, augmentation, delivering.seed) if augmentation else None
        self._set(pipeline_of(items, source, specification, delivering, augmented))
        return self._first(begin, specification.depth)

    def open_feed(self, feed: FeedReference) -> float:
        """Opens a user's pipeline; returns the seconds until its first batch is there."""
        begin = perf_counter()
        pipeline = FeedPipeline(feed)
        self._set(pipeline)
        return self._first(begin, pipeline.depth)

    def _set(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._batches: Iterator[Any] = each_epoch(pipeline)

    def _first(self, begin: float, depth: int) -> float:
        first = next(self._batches)
        seconds = perf_counter() - begin
        self.batch_size = len(self._pipeline.arrays(first)[1])
        self._depth = depth
        return seconds

    def size_of_a_batch(self) -> int:
        """How many items the first batch has."""
        return self.batch_size

    def whole_epoch(self) -> float | None:
        """Reads one epoch to its end; returns the peak memory after it, in MiB."""
        for _ in self._pipeline.epoch():
            pass
        self._batches = each_epoch(self._pipeline)
        return _memory_with_workers()

    def deliver(self, source: Source, batch_size: int) -> tuple[Delivery, Shuffle | None]:
        """One epoch against the source: what came, and how well it was shuffled."""
        items = open_items(source)
        batches = (self._pipeline.arrays(batch) for batch in self._pipeline.epoch())
        numbers = Catalogue(items).identify(batches)
        self._batches = each_epoch(self._pipeline)
        delivery = judge(numbers, items.count)
        exact = delivery.verdict == "exact"
        return delivery, shuffle_quality(numbers, items.targets, batch_size) if exact else None

    def run(self, batches: int) -> list[float]:
        """Nanoseconds of a batch, ``batches`` times the mean over all: batches come in bursts where
        workers make them. What was made ready while nobody asked is thrown away first."""
        for _ in range(self._depth):
            next(self._batches)
        begin = perf_counter_ns()
        for _ in range(batches):
            next(self._batches)
        return [(perf_counter_ns() - begin) / batches] * batches

    def change(self, framework: str, augmented: Augmented, images: Sequence[Array]) -> list[Array]:
        """What the framework makes of some images, the first of their source."""
        change = part(framework, "pipelines.augmenting").transform(augmented)
        return [np.asarray(change(image, number)) for number, image in enumerate(images)]

    def traps(self, framework: str, images: Sequence[Array], size: int) -> dict[str, list[Array]]:
        """What it makes of some images of bytes where one easily takes both for the same."""
        known = part(framework, "pipelines.augmenting").TRAPS
        return {name: [made(image, size) for image in images] for name, made in known.items()}

    def spots(self, feed: FeedReference) -> list[Spot]:
        """Where the time of a user's pipeline goes."""
        return find_spots(feed)


def pipeline_of(
    items: Items,
    source: Source,
    specification: Specification,
    delivering: Delivering,
    augmented: Augmented | None = None,
) -> Pipeline:
    """The pipeline of a specification. Raises `UsageError` where it has no meaning for a source."""
    if not specification.framework:
        return Memory(in_memory(items), delivering)
    pipeline: Pipeline = part(specification.framework, "pipelines").open_pipeline(
        items, source, specification, delivering, augmented
    )
    return pipeline


def drawn_for(items: Items, augmentation: Augmentation, seed: int) -> Augmented:
    """Draws for every item of a source of images."""
    inputs, _ = next(iter(items.groups()))
    return draw(augmentation, items.count, inputs.shape[1:], seed)


def _memory_with_workers() -> float | None:
    """The peak of this process, and what its workers have for themselves alone now: pages that are
    shared with this one are counted once."""
    own = peak_memory_mb()
    if own is None:
        return None
    workers = psutil.Process().children(recursive=True)
    return own + sum(child.memory_full_info().uss for child in workers) / 2**20


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), Feeder())
