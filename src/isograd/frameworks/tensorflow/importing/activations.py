"""Keras' activation functions and layers as ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from isograd.frameworks.tensorflow.importing.trace import Trace, Value
from isograd.ir import ops
from isograd.ir.ops import Op

activations = keras.activations

FUNCTIONS: dict[Any, Op | None] = {
    activations.linear: None,
    activations.relu: ops.ReLU(),
    activations.relu6: ops.HardTanh(0.0, 6.0),
    activations.sigmoid: ops.Sigmoid(),
    activations.tanh: ops.Tanh(),
    activations.silu: ops.SiLU(),
    activations.gelu: ops.GELU(),
    activations.elu: ops.ELU(),
    activations.selu: ops.SELU(),
    activations.softplus: ops.Softplus(threshold=None),
    activations.softsign: ops.Softsign(),
    activations.leaky_relu: ops.LeakyReLU(0.2),
    activations.mish: ops.Mish(),
    activations.hard_sigmoid: ops.HardSigmoid(),
    activations.hard_silu: ops.HardSwish(),
    activations.exponential: ops.Exp(),
    activations.log_sigmoid: ops.LogSigmoid(),
}
"""Function to op; None changes nothing."""

ALONG: dict[Any, Callable[[int], Op]] = {
    activations.softmax: ops.Softmax,
    activations.log_softmax: ops.LogSoftmax,
}
"""Functions along Keras' last axis."""


def activate(trace: Trace, function: Any, value: Value) -> Value:
    """A value behind an activation function."""
    if function in FUNCTIONS:
        op = FUNCTIONS[function]
        return value if op is None else trace.like(op, value)
    if function in ALONG:
        return along(trace, ALONG[function], value, -1)
    if isinstance(function, keras.layers.Layer):
        raise trace.unsupported("a layer as an activation function")
    raise trace.unsupported(f"the activation {getattr(function, '__name__', function)!r}")


def along(trace: Trace, op: Callable[[int], Op], value: Value, axis: int) -> Value:
    """An op along one of Keras' axes."""
    if value.features:
        value = trace.plain(value)
    return trace.like(op(value.axis(axis)), value)


def relu(trace: Trace, layer: Any, value: Value) -> Value:
    """``keras.layers.ReLU`` and ``keras.ops`` relu forms with a bound or a slope."""
    slope, top = float(layer.negative_slope), layer.max_value
    threshold = float(layer.threshold)
    if threshold and top is None:
        below = trace.like(ops.MultiplyScalar(slope), trace.like(ops.AddScalar(-threshold), value))
        above = trace.like(ops.CompareScalar(">", threshold), value)
        made = trace.add(ops.Where(), above, value, below, order=value.order)
        return Value(made.name, made.type, value.order, value.features)
    if threshold:
        raise trace.unsupported("ReLU with a threshold and a bound")
    if top is None:
        return trace.like(ops.LeakyReLU(slope) if slope else ops.ReLU(), value)
    if slope:
        raise trace.unsupported("ReLU with a slope and a bound")
    return trace.like(ops.HardTanh(0.0, float(top)), value)
