"""TensorFlow's execution modes: `eager`, `session`, `function` (tf.function), `xla`."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from isograd.errors import unknown
from isograd.frameworks.protocol import Executor, Plan
from isograd.frameworks.tensorflow.executor import EagerExecutor
from isograd.frameworks.tensorflow.session import SessionExecutor
from isograd.ir.mapping import Array


class FunctionExecutor(EagerExecutor):
    """``tf.function``: Python runs once to trace a graph, AutoGraph turns the loop over the steps
    of a call into ``tf.while_loop``, Grappler optimises the graph."""

    jit_compile = False

    def _prepare(self) -> None:
        super()._prepare()
        signature = [
            tf.TensorSpec([None, *shape], self.dtype if kind == "float" else tf.int64)
            for shape, kind in self.plan.inputs
        ]
        self._evaluate = tf.function(  # type: ignore[method-assign]
            super()._evaluate, input_signature=[signature], jit_compile=self.jit_compile
        )
        self._differentiate = tf.function(  # type: ignore[method-assign]
            super()._differentiate, jit_compile=self.jit_compile
        )
        self._graph_steps = tf.function(self._steps, jit_compile=self.jit_compile)
        self._call_steps: Any = None

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        super().load_data(inputs, targets)
        if self._call_steps is None:
            data = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in self.data]
            labels = tf.TensorSpec([None, *self.targets.shape[1:]], self.targets.dtype)
            rows = tf.TensorSpec([self.plan.steps_per_call, self.plan.spec.batch_size], tf.int64)
            self._call_steps = tf.function(
                self._gather_and_step, input_signature=[data, labels, rows]
            )

    def _calls(self, batches: NDArray[np.int64]) -> list[Any]:
        size = self.plan.steps_per_call
        return [tf.constant(batches[i : i + size]) for i in range(0, len(batches), size)]

    def _step(self, rows: tf.Tensor) -> tf.Tensor:
        return self._call_steps(self.data, self.targets, rows)

    def _gather_and_step(
        self, data: list[tf.Tensor], targets: tf.Tensor, rows: tf.Tensor
    ) -> tf.Tensor:
        return self._graph_steps([tf.gather(x, rows) for x in data], tf.gather(targets, rows))

    def _steps(self, inputs: list[tf.Tensor], targets: tf.Tensor) -> tf.Tensor:
        """One step for each leading row; returns the losses [steps]."""
        steps = targets.shape[0]
        if steps == 1:
            return tf.reshape(self._one_step([x[0] for x in inputs], targets[0]), [1])
        losses = tf.TensorArray(self.dtype, size=steps)
        for i in tf.range(steps):
            losses = losses.write(i, self._one_step([x[i] for x in inputs], targets[i]))
        return losses.stack()

    def compilations(self) -> int:
        return self._call_steps.experimental_get_tracing_count() if self._call_steps else 0


class XlaExecutor(FunctionExecutor):
    """``tf.function(jit_compile=True)``: the step is compiled by XLA. The batch is gathered outside
    of it, because XLA would copy the whole data set in at every call."""

    jit_compile = True


MODES: dict[str, type[EagerExecutor]] = {
    "eager": EagerExecutor,
    "session": SessionExecutor,
    "function": FunctionExecutor,
    "xla": XlaExecutor,
}


def open_executor(plan: Plan) -> Executor:
    """The executor for the plan's mode. Raises `UsageError` for an unknown mode."""
    if plan.mode not in MODES:
        raise unknown("tensorflow mode", plan.mode, MODES)
    return MODES[plan.mode](plan)
