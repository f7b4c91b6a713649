"""TensorFlow's execution modes: `eager`, `session`, `function` (tf.function), `xla`."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from isograd.errors import unknown
from isograd.frameworks.protocol import Executor, Plan
from isograd.frameworks.tensorflow.executor import EagerExecutor, numpy_dtype
from isograd.frameworks.tensorflow.original import OriginalExecutor
from isograd.frameworks.tensorflow.session import SessionExecutor
from isograd.ir.mapping import Array


class FunctionExecutor(EagerExecutor):
    """``tf.function``: Python runs once to trace a graph, AutoGraph turns the loop over the steps
    of a call into ``tf.while_loop``, Grappler optimises the graph."""

    jit_compile = False

    def _prepare(self) -> None:
        super()._prepare()
        signature = [
            tf.TensorSpec([None, *shape], numpy_dtype(kind, self.plan.dtype))
            for shape, kind in self.plan.inputs
        ]
        self._evaluate = tf.function(  # type: ignore[method-assign]
            super()._evaluate, input_signature=[signature], jit_compile=self.jit_compile
        )
        self._differentiate = tf.function(  # type: ignore[method-assign]
            super()._differentiate, jit_compile=self.jit_compile
        )
        rows = tf.TensorSpec([self.plan.steps_per_call, self.plan.recipe.batch_size], tf.int64)
        self._call_steps = tf.function(self._steps, input_signature=[rows])
        self.data: list[tf.Variable] = []

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        """Into variables of any length: a captured tensor would be baked into the trace, and
        arguments cost a tenth of a millisecond a call."""
        tensors = [*self._inputs(inputs), self._targets(targets)]
        if not self.data:
            shapes = [[None, *tensor.shape[1:]] for tensor in tensors]
            variables = [
                tf.Variable(tensor, shape=shape, trainable=False)
                for tensor, shape in zip(tensors, shapes, strict=True)
            ]
            *self.data, self.targets = variables
        for variable, tensor in zip([*self.data, self.targets], tensors, strict=True):
            variable.assign(tensor)

    def _calls(self, batches: NDArray[np.int64]) -> list[Any]:
        size = self.plan.steps_per_call
        return [tf.constant(batches[i : i + size]) for i in range(0, len(batches), size)]

    def _step(self, rows: tf.Tensor) -> tf.Tensor:
        return self._call_steps(rows)

    def _steps(self, rows: tf.Tensor) -> tf.Tensor:
        """One step for each row of ``rows`` [steps, batch size]; returns the losses."""
        steps = rows.shape[0]
        if steps == 1:
            return tf.reshape(EagerExecutor._step(self, rows[0]), [1])
        losses = tf.TensorArray(self.dtype, size=steps)
        for i in tf.range(steps):
            losses = losses.write(i, EagerExecutor._step(self, rows[i]))
        return losses.stack()

    def compilations(self) -> int:
        return self._call_steps.experimental_get_tracing_count()


class XlaExecutor(FunctionExecutor):
    """``tf.function(jit_compile=True)``: the steps of a call are compiled by XLA. Their batches are
    gathered outside of it, because XLA would copy the whole data set in at every call."""

    jit_compile = True

    def _prepare(self) -> None:
        super()._prepare()
        self._compiled = tf.function(self._steps_on_batches, jit_compile=True)

    def _steps(self, rows: tf.Tensor) -> tf.Tensor:
        rows = rows[0] if self.plan.steps_per_call == 1 else rows
        return self._compiled(
            [tf.gather(x, rows) for x in self.data], tf.gather(self.targets, rows)
        )

    def _steps_on_batches(self, inputs: list[tf.Tensor], targets: tf.Tensor) -> tf.Tensor:
        """One step on a batch, or one on each of several stacked ones; returns the losses."""
        if self.plan.steps_per_call == 1:
            return tf.reshape(self._one_step(inputs, targets), [1])
        losses = tf.TensorArray(self.dtype, size=targets.shape[0])
        for i in tf.range(targets.shape[0]):
            losses = losses.write(i, self._one_step([x[i] for x in inputs], targets[i]))
        return losses.stack()


MODES: dict[str, type[EagerExecutor]] = {
    "eager": EagerExecutor,
    "session": SessionExecutor,
    "function": FunctionExecutor,
    "xla": XlaExecutor,
    "original": OriginalExecutor,
}


def open_executor(plan: Plan) -> Executor:
    """The executor for the plan's mode. Raises `UsageError` for an unknown mode."""
    if plan.mode not in MODES:
        raise unknown("tensorflow mode", plan.mode, MODES)
    if plan.original is not None and plan.original.training is not None:
        from isograd.frameworks.tensorflow.native import NativeExecutor

        return NativeExecutor(plan)
    return MODES[plan.mode](plan)
