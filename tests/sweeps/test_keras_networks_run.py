"""Every Keras network of the corpus runs, at any batch size, and trains all of its weights."""

from collections.abc import Mapping
from typing import Any

import keras
import pytest
import specs
import tensorflow as tf

from keras_networks import NETWORKS, KerasNetwork

PARAMETERS = [pytest.param(network, id=name) for name, network in NETWORKS.items()]


@pytest.fixture(autouse=True)
def _float64(usual_precision: None) -> None:
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    keras.utils.set_random_seed(0)


def described(model: keras.Model) -> Mapping[str, str]:
    """Specifications of the inputs that the model itself declares; free lengths are 12."""
    inputs = {}
    for tensor in model.inputs:
        sizes = ",".join(["N", *("12" if size is None else str(size) for size in tensor.shape[1:])])
        whole = keras.backend.is_int_dtype(tensor.dtype)
        inputs[tensor.name] = f"{tensor.dtype}[{sizes}]" + ("<100" if whole else "")
    return inputs


def batch(network: KerasNetwork, model: keras.Model, rows: int) -> Any:
    arrays = specs.sample(network.inputs or described(model), {"N": rows})
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    if not network.inputs and isinstance(model.input, dict):
        return arrays
    return list(arrays.values())


@pytest.mark.parametrize("network", PARAMETERS)
@pytest.mark.parametrize("rows", [1, 3])
def test_every_row_has_an_output_of_finite_numbers(network: KerasNetwork, rows: int) -> None:
    model = network.build()
    for output in tf.nest.flatten(model(batch(network, model, rows), training=False)):
        assert output.shape[0] == rows
        assert output.dtype == tf.float64
        assert tf.reduce_all(tf.math.is_finite(output))


@pytest.mark.parametrize("network", PARAMETERS)
@pytest.mark.parametrize("training", [False, True])
def test_every_weight_has_a_finite_gradient(network: KerasNetwork, training: bool) -> None:
    model = network.build()
    inputs = batch(network, model, 3)
    with tf.GradientTape() as tape:
        outputs = tf.nest.flatten(model(inputs, training=training))
        loss = sum(tf.reduce_sum(output**2) for output in outputs)
    weights = model.trainable_variables
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    for weight, gradient in zip(weights, gradients, strict=True):
        assert gradient is not None, weight.path
        dense = tf.convert_to_tensor(gradient)
        assert tf.reduce_all(tf.math.is_finite(dense)), weight.path
        # A bias before a norm, or of attention's keys, cancels out: its true gradient is zero.
        assert weight.name == "bias" or tf.reduce_any(dense != 0), weight.path
