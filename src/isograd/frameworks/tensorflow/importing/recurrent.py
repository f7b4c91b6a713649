"""Recurrent layers as ops: one for each layer and direction."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import keras
from keras import layers

from isograd.frameworks.tensorflow.importing.arithmetic import binary, joined
from isograd.frameworks.tensorflow.importing.trace import Trace, Value
from isograd.ir import ops
from isograd.ir.mapping import Blocks, Permute, Transform
from isograd.ir.ops import Op
from isograd.ir.ops.recurrent import Bias

GATES = (1, 0, 2)
"""Keras' GRU holds its gates in the order z, r, n; the graph in the order r, z, n."""


def recurrent(trace: Trace, layer: Any, x: Value, *states: Value, turned: bool = False) -> Value:
    """``turned`` gives the outputs of a layer that goes backwards in the order of its steps, as
    Keras does; else in the order of the input."""
    _check(trace, layer)
    x = trace.plain(x)
    op, order = _op(trace, layer)
    steps: tuple[Any, ...] = (Permute((1, 0)),)
    gates = (Blocks(0, order),) if order else ()
    cell = layer.cell
    roles = {
        "weight_ih": _parameter(trace, cell.kernel, "weight_ih", steps + gates),
        "weight_hh": _parameter(trace, cell.recurrent_kernel, "weight_hh", steps + gates),
    }
    last = (Blocks(1 if op.bias == "stacked" else 0, order),) if order else ()
    held = {
        "none": {},
        "double": {"bias_ih": "bias_ih", "bias_hh": "bias_hh"},
    }.get(op.bias, {"bias": "cell.bias"})
    for role, path in held.items():
        roles[role] = _parameter(trace, attrgetter(path)(layer), role, last)
    start = [trace.plain(state) for state in states]
    made = trace.add(op, x, *start, roles=roles, trainable=layer.trainable)
    if not layer.return_sequences:
        return trace.add(ops.Select(1, 0 if layer.go_backwards else -1), made)
    return trace.add(ops.Flip((1,)), made) if turned and layer.go_backwards else made


def _parameter(trace: Trace, variable: Any, role: str, steps: tuple[Any, ...]) -> str:
    return trace.parameter(variable, f"{trace.scope}.{role}", Transform(steps))


def _op(trace: Trace, layer: Any) -> tuple[ops.LSTM | ops.GRU | ops.RNN, tuple[int, ...]]:
    """The op, and Keras' order of its gates. Stock layers have one bias or none; those that
    isograd writes have two."""
    double = hasattr(layer, "bias_hh")
    bias: Bias = "double" if double else "single" if layer.cell.use_bias else "none"
    if isinstance(layer, layers.LSTM):
        return ops.LSTM(layer.units, bias, layer.go_backwards), ()
    if isinstance(layer, layers.GRU):
        if layer.reset_after and bias == "single":
            bias = "stacked"
        return ops.GRU(layer.units, bias, layer.go_backwards, layer.reset_after), GATES
    name = layer.activation.__name__
    if name not in ("tanh", "relu"):
        raise trace.unsupported(f"SimpleRNN with the activation {name!r}")
    return ops.RNN(layer.units, bias, layer.go_backwards, name), ()


def _check(trace: Trace, layer: Any) -> None:
    if layer.return_state or layer.stateful:
        raise trace.unsupported("a recurrent layer that hands out or keeps its state")
    if layer.dropout or layer.recurrent_dropout:
        raise trace.unsupported("dropout inside of a recurrent layer: put a Dropout in front")
    if isinstance(layer, layers.SimpleRNN):
        return
    usual = keras.activations.tanh, keras.activations.sigmoid
    if (layer.activation, layer.recurrent_activation) != usual:
        raise trace.unsupported("a recurrent layer with other activations than tanh and sigmoid")


def outer(trace: Trace, layer: Any, x: Value, *states: Value) -> Value:
    """``states`` are the ones to start from."""
    return recurrent(trace, layer, x, *states, turned=True)


def bidirectional(trace: Trace, layer: Any, x: Value) -> Value:
    """Both directions, merged; the backward outputs are put in the order of the input."""
    values = []
    for inner in (layer.forward_layer, layer.backward_layer):
        with trace.below("forward" if inner is layer.forward_layer else "backward"):
            values.append(recurrent(trace, inner, x))
    merge: dict[str, Op] = {"sum": ops.Add(), "mul": ops.Multiply()}
    if layer.merge_mode == "concat":
        return joined(trace, values, -1)
    if layer.merge_mode in merge:
        return binary(trace, merge[layer.merge_mode], *values)
    if layer.merge_mode == "ave":
        return trace.like(ops.MultiplyScalar(0.5), binary(trace, ops.Add(), *values))
    raise trace.unsupported("Bidirectional without a merge mode")


RULES: dict[type, Callable[..., Value]] = {
    layers.LSTM: outer,
    layers.GRU: outer,
    layers.SimpleRNN: outer,
    layers.Bidirectional: bidirectional,
}
"""Layer to its rule."""
