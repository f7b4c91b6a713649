"""Batch normalisation whose statistics are those of all workers."""

from types import ModuleType
from typing import Any

import keras
import tensorflow as tf
from keras import ops


def synchronise(module: ModuleType) -> None:
    """Every batch normalisation of this module's networks, with the statistics of all workers."""
    own = getattr(module, "BatchNorm", None)
    if own is not None:
        module.BatchNorm = type("SyncBatchNorm", (_Moments, own), {})  # type: ignore[attr-defined]
    stock = keras.layers.BatchNormalization
    keras.layers.BatchNormalization = lambda *args, **more: stock(*args, synchronized=True, **more)


class _Moments:
    """Put before the module's own class; its ``call`` is written as there."""

    def call(self: Any, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return super().call(x, training=False)  # type: ignore[misc]
        axes = tuple(range(len(x.shape) - 1))
        context = tf.distribute.get_replica_context()
        count = ops.cast(ops.size(x), x.dtype) / x.shape[-1]
        count = context.all_reduce(tf.distribute.ReduceOp.SUM, count)
        mean = context.all_reduce(tf.distribute.ReduceOp.SUM, ops.sum(x, axes)) / count
        centred = ops.sum(ops.square(x - mean), axes)
        variance = context.all_reduce(tf.distribute.ReduceOp.SUM, centred) / count
        self._follow(self.moving_mean, mean)
        self._follow(
            self.moving_variance, variance * (count / (count - 1) if self.unbiased else 1.0)
        )
        scale = ops.rsqrt(variance + self.epsilon)
        if self.affine:
            return (x - mean) * (scale * self.gamma) + self.beta
        return (x - mean) * scale
