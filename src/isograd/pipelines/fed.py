"""A training loop that a pipeline feeds, in the process of the mode that trains."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan, Steps
from isograd.ir.mapping import Array
from isograd.pipelines.augmentation import Augmentation
from isograd.pipelines.feed import FeedPipeline, FeedReference
from isograd.pipelines.pipeline import Pipeline, each_epoch
from isograd.pipelines.source import Source, open_items
from isograd.pipelines.specification import Delivering, Specification
from isograd.pipelines.worker import drawn_for, pipeline_of


class Trains(Protocol):
    """What the loop trains: an executor."""

    plan: Plan

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        """Takes over a batch."""

    def train(self, batches: NDArray[np.int64]) -> Steps:
        """Trains on rows of it."""


class Loop:
    """Gets a batch, hands it over, makes a step; again and again. ``depth`` is how many batches
    may be ready before they are asked for."""

    def __init__(self, executor: Trains, pipeline: Pipeline, depth: int) -> None:
        self._executor, self._pipeline, self._depth = executor, pipeline, depth
        self._batches = each_epoch(pipeline)
        self._size = executor.plan.recipe.batch_size
        self._rows = np.tile(np.arange(self._size), (executor.plan.steps_per_call, 1))
        first = len(pipeline.arrays(next(self._batches))[1])
        if first != self._size:
            raise UsageError(
                f"The pipeline delivers batches of {first}, the network is trained with "
                f"{self._size}.",
                hint=f"Choose --batch-size {first}, or make the pipeline's batches as large.",
            )

    def run(self, steps: int) -> tuple[int, int]:
        """Nanoseconds spent on waiting for data and on steps, in ``steps`` turns of the loop. As
        many turns as may be ready go before, so that the pipeline is as it is in a long training.
        """
        for _ in range(self._depth + 1):
            self._turn()
        turns = [self._turn() for _ in range(steps)]
        return sum(wait for wait, _ in turns), sum(step for _, step in turns)

    def _turn(self) -> tuple[int, int]:
        """What handing over takes is in neither: in a loop of one's own there is none. Where a call
        makes several steps, it makes them on one batch, and waits for as many."""
        begin = perf_counter_ns()
        batch = next(self._batches)
        waited = perf_counter_ns() - begin
        inputs, targets = self._pipeline.arrays(batch)
        if len(targets) < self._size:
            return self._turn()  # the last, smaller batch of an epoch trains nothing here
        plan = self._executor.plan
        self._executor.load_data((fit(inputs, plan),), fit_targets(targets, plan))
        taken = self._executor.train(self._rows)
        return waited * len(self._rows), int(taken.nanoseconds.sum())

    def close(self) -> None:
        """Ends the pipeline's workers."""
        self._batches = iter(())
        self._pipeline.close()


def fit(inputs: Array, plan: Plan) -> Array:
    """A batch as the network takes it: bytes become 0 to 1, channels go where they belong.

    Raises `UsageError` where an example has another number of values.
    """
    shape, kind = plan.inputs[0]
    if inputs.dtype == np.uint8 and kind == "float":
        inputs = inputs.astype(np.float32) / np.float32(255)
    if inputs.shape[1:] == tuple(shape):
        return inputs
    for source, goal in ((-1, 1), (1, -1)):
        if inputs.ndim == 4 and np.moveaxis(inputs, source, goal).shape[1:] == tuple(shape):
            return np.moveaxis(inputs, source, goal)
    if int(np.prod(inputs.shape[1:])) != int(np.prod(shape)):
        raise UsageError(
            f"The pipeline delivers examples of shape {list(inputs.shape[1:])}, the network takes "
            f"{list(shape)}.",
            hint="Choose a network and a source that fit each other.",
        )
    return inputs.reshape(-1, *shape)


def fit_targets(targets: Array, plan: Plan) -> Array:
    """Targets as the loss takes them."""
    if plan.recipe.loss.integer_targets:
        return targets.reshape(len(targets))
    return targets.reshape(len(targets), -1).astype(np.float32)


def over_source(
    executor: Any,
    source: Source,
    specification: Specification,
    delivering: Delivering,
    augmentation: Augmentation | None,
) -> Loop:
    """A loop that one of the compared pipelines feeds."""
    items = open_items(source)
    augmented = drawn_for(items, augmentation, delivering.seed) if augmentation else None
    pipeline = pipeline_of(items, source, specification, delivering, augmented)
    return Loop(executor, pipeline, specification.depth)


def over_feed(executor: Any, feed: FeedReference) -> Loop:
    """A loop that a user's pipeline feeds."""
    pipeline = FeedPipeline(feed)
    return Loop(executor, pipeline, pipeline.depth)
