"""Fine-tuning with the rounding of int8 in the forward pass, before LiteRT's converter."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from isograd.deploy.artefact import FINER, SETTLED, Artefact, Order, Tuning
from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan
from isograd.frameworks.side import Side, plan
from isograd.frameworks.tensorflow.deploy import litert
from isograd.frameworks.tensorflow.deploy.network import SOURCE, Network, network
from isograd.frameworks.tensorflow.modes import FunctionExecutor
from isograd.ir.graph import Weights

CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)

NEW = 0.01
"""The weight of a batch's range in the moving range."""


def build(order: Order) -> Artefact:
    """Trained as `Tuning` says, with isograd's own loss and optimizer; then as
    ``litert-int8-static``, whose converter rounds weights in the same way, and takes the ranges of
    activations from the calibration inputs of the trained network.

    Raises `UsageError` where no layer has weights that are rounded.
    """
    if order.tuning is None:
        raise UsageError(f"{order.candidate} trains, and no training was ordered.")
    with tempfile.TemporaryDirectory() as scratch:
        made = network(order, Path(scratch))
        trained = replace(order, weights=_trained(made, order.tuning))
        return litert.artefact(network(trained, Path(scratch)))


def _trained(made: Network, tuning: Tuning) -> Weights:
    graph, path = made.order.graph, made.scratch / SOURCE
    path.write_text(made.emitted.source, encoding="utf-8")
    optimizer = tuning.recipe.optimizer
    finer = replace(optimizer, learning_rate=FINER * optimizer.learning_rate)
    recipe = replace(tuning.recipe, optimizer=finer)
    executor = RoundedExecutor(plan(graph, made.emitted, path, "function", recipe))
    side = Side(graph, made.emitted, executor)
    side.set_state(made.order.weights)
    side.load_data((tuning.inputs,), tuning.targets)
    settled = int(SETTLED * len(tuning.batches))
    side.train(tuning.batches[:settled])
    executor.following.assign(False)
    side.train(tuning.batches[settled:])
    return side.get_state()


class RoundedExecutor(FunctionExecutor):
    """Trains a model whose layers compute with what int8 leaves of their inputs and kernels.

    ``following`` says whether ranges still move in training.
    """

    def __init__(self, plan: Plan) -> None:
        self.following = tf.Variable(True, trainable=False)
        self._training = False
        super().__init__(plan)

    def _build(self) -> keras.Model:
        model = super()._build()
        layers = [layer for layer in model._flatten_layers() if _has_products(layer)]
        if not layers:
            raise UsageError("No layer of this network has weights that are rounded in training.")
        for layer in layers:
            layer.call = self._rounding(layer)
        return model

    def _call(self, inputs: list[tf.Tensor], training: bool) -> tf.Tensor:
        self._training = training
        return super()._call(inputs, training)

    def _rounding(self, layer: Any) -> Callable[..., tf.Tensor]:
        low, high = (tf.Variable(0.0, trainable=False) for _ in range(2))

        def call(x: tf.Tensor, **_: Any) -> tf.Tensor:
            if self._training:
                self._follow(x, low, high)
            x = tf.quantization.fake_quant_with_min_max_vars(x, low, high)
            kernel = rounded_kernel(tf.convert_to_tensor(layer.kernel))
            dense = isinstance(layer, keras.layers.Dense)
            y = ops.matmul(x, kernel) if dense else layer.convolution_op(x, kernel)
            return y + layer.bias if layer.use_bias else y

        return call

    def _follow(self, x: tf.Tensor, low: tf.Variable, high: tf.Variable) -> None:
        """The range goes towards the batch's; the first batch's is taken as it is."""
        new = tf.where(low == high, 1.0, tf.where(self.following, NEW, 0.0))
        for variable, found in ((low, tf.reduce_min(x)), (high, tf.reduce_max(x))):
            zero_inside = tf.minimum(found, 0.0) if variable is low else tf.maximum(found, 0.0)
            variable.assign_add(new * (tf.stop_gradient(zero_inside) - variable))


def rounded_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """The values that LiteRT keeps: 255 steps around zero, of a size for each output channel."""
    most = tf.reduce_max(tf.abs(kernel), axis=list(range(kernel.shape.rank - 1)))
    most = tf.stop_gradient(most)
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(
        kernel, -most, most, narrow_range=True
    )


def _has_products(layer: Any) -> bool:
    return isinstance(layer, (keras.layers.Dense, *CONVOLUTIONS))
