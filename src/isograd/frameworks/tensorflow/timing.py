"""Eager training steps whose parts are timed: the executor's own steps, with stamps in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from isograd.frameworks.marked import MADE
from isograd.frameworks.protocol import Steps, Subject
from isograd.frameworks.stamping import after, before
from isograd.frameworks.tensorflow.executor import EagerExecutor
from isograd.frameworks.tensorflow.optimizers import Update
from isograd.frameworks.tensorflow.views.gradients import watched_gradients
from isograd.frameworks.tensorflow.views.recording import record_step
from isograd.views.timeline import Timeline


class StampedExecutor(EagerExecutor):
    """Runs marked source.

    A node's forward time ends where its value is made. The tape calls a gradient function for each
    operation, in an order that is the same in every step: ``backward`` are the nodes whose
    operations those are. What lies between two calls (sums of gradients) belongs to the later one.
    """

    def __init__(self, subject: Subject, backward: Sequence[str] | None) -> None:
        self.timeline = Timeline()
        self._backward = backward
        self._called = 0
        super().__init__(subject.plan)

    def _build(self) -> keras.Model:
        model = super()._build()
        type(model).call.__globals__[MADE] = self._made
        model.call = before(partial(self.timeline.spend, "python"), model.call)
        return model

    def _make_loss(self) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        return after(partial(self.timeline.spend, "loss"), super()._make_loss())

    def _make_update(self) -> Update:
        update: Update = after(partial(self.timeline.spend, "update"), super()._make_update())
        return update

    def _call(self, inputs: list[tf.Tensor], training: bool) -> tf.Tensor:
        outputs = super()._call(inputs, training)
        self.timeline.spend("python")
        return outputs

    def train(self, batches: NDArray[np.int64]) -> Steps:
        if self._backward is None:
            return super().train(batches)
        with watched_gradients() as seen:
            seen.producer = lambda tensor: None
            seen.run = self._differentiated  # type: ignore[method-assign]
            return super().train(batches)

    def _step(self, rows: tf.Tensor) -> tf.Tensor:
        self._called = 0
        self.timeline.begin()
        loss = super()._step(rows)
        self.timeline.finish()
        return loss

    def _one_step(self, inputs: list[tf.Tensor], targets: tf.Tensor) -> tf.Tensor:
        self.timeline.spend("batch")
        return super()._one_step(inputs, targets)

    def _made(self, name: str, value: tf.Tensor) -> tf.Tensor:
        self.timeline.spend("forward", name)
        return value

    def _differentiated(self, forward: Any, kept: Any, compute: Callable[[], Any]) -> Any:
        assert self._backward is not None
        result = compute()
        self.timeline.spend("backward", self._backward[self._called])
        self._called += 1
        return result


def open_stamped(subject: Subject, *, backward: bool = True) -> StampedExecutor:
    """The eager executor, with a ``timeline`` of its steps; the subject is the one that is marked,
    and its state and data are there. Without ``backward``, the backward pass is no part of its
    own. Raises what the step raises."""
    executor = StampedExecutor(subject, _called(subject) if backward else None)
    executor.set_state(subject.state)
    executor.load_data(subject.inputs, subject.targets)
    return executor


def _called(subject: Subject) -> list[str]:
    """The node of each gradient function, in the order in which they are called."""
    recording = record_step(subject)
    if recording.error is not None:
        raise recording.error
    nodes = {operation.name: operation.node or "" for operation in recording.operations}
    return [nodes.get(entry.forward, "") for entry in recording.gradients.entries]
