"""Mixed precision in TensorFlow: Keras' dtype policies, and loss scaling for float16."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from isograd.frameworks.protocol import Plan
from isograd.training.loss_scale import LOSS_SCALE


def policy(plan: Plan) -> str:
    """The name of the policy that layers are made under."""
    return plan.dtype if plan.precision == "float32" else f"mixed_{plan.precision}"


def restored(outputs: tf.Tensor, plan: Plan) -> tf.Tensor:
    """Outputs as losses take them: in the plan's dtype."""
    return outputs if plan.precision == "float32" else tf.cast(outputs, plan.dtype)


class LossScaler:
    """Loss scaling as `isograd.training.loss_scale` defines it, in variables of the mode's own.

    ``make`` makes a variable of a value. Keras' LossScaleOptimizer wraps Keras' optimizers only,
    and there is none for a session.
    """

    def __init__(self, make: Callable[[Any], tf.Variable]) -> None:
        scale, good = self.start
        self.scale, self.good = make(scale), make(good)

    @property
    def start(self) -> tuple[np.float32, np.int64]:
        """What ``scale`` and ``good`` (steps in a row that were not left out) are at first."""
        return np.float32(LOSS_SCALE.initial), np.int64(0)

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """What is differentiated in the loss' place."""
        return loss * self.scale

    def apply(
        self,
        gradients: Sequence[tf.Tensor],
        move: Callable[[list[tf.Tensor]], Sequence[tf.Operation]],
    ) -> tf.Tensor:
        """Moves by the loss' own gradients, unless one of them is not finite; whether it did."""
        own = [gradient / self.scale for gradient in gradients]
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in own])
        return tf.cond(finite, lambda: self._taken(move(own)), self._left_out)

    def _taken(self, moves: Sequence[tf.Operation]) -> tf.Tensor:
        good = self.good + 1
        full = good >= LOSS_SCALE.interval
        scale = tf.where(full, self.scale * LOSS_SCALE.factor, self.scale)
        return self._settled(scale, tf.where(full, tf.zeros_like(good), good), True, moves)

    def _left_out(self) -> tf.Tensor:
        return self._settled(self.scale / LOSS_SCALE.factor, tf.constant(0, tf.int64), False)

    def _settled(
        self, scale: tf.Tensor, good: tf.Tensor, done: bool, moves: Sequence[tf.Operation] = ()
    ) -> tf.Tensor:
        """A branch of a session's graph runs only what its result depends on."""
        writes = [self.scale.assign(scale), self.good.assign(good)]
        writes += [move for move in moves if move is not None]  # eager kernels return nothing
        with tf.control_dependencies(writes):
            return tf.constant(done)
