"""Recurrent layers as ops: one for each layer and direction."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

import keras
from keras import layers

from isograd.frameworks.tensorflow.importing.arithmetic import binary, joined
from isograd.frameworks.tensorflow.importing.trace import Trace, Value
from isograd.ir import ops
from isograd.ir.mapping import Blocks, Permute, Transform
from isograd.ir.ops import Op
from isograd.ir.ops.recurrent import ACTIVATIONS, Activation, Bias

GATES = (1, 0, 2)
"""Keras' GRU holds its gates in the order z, r, n; the graph in the order r, z, n."""


def recurrent(
    trace: Trace,
    layer: Any,
    x: Value,
    *states: Value,
    mask: Value | None = None,
    turned: bool = False,
) -> list[Value]:
    """What the layer hands out: its outputs, and its final states where it has ``return_state``.
    ``turned`` gives the outputs of a layer that goes backwards in the order of its steps, as Keras
    does; else in the order of the input."""
    _check(trace, layer)
    op, order = _op(trace, layer, mask is not None)
    given = [trace.plain(one) for one in (x, *states)]
    if mask is not None:
        given.append(_truths(trace, mask))
    roles = _roles(trace, layer, op, order)
    made = trace.add(op, *given, roles=roles, trainable=layer.trainable)
    last = ops.Select(1, 0 if layer.go_backwards else -1)
    outputs = made
    if mask is not None and layer.zero_output_for_mask:
        keep = trace.add(ops.ExpandDims(2), given[-1])
        outputs = trace.add(ops.Where(), keep, made, trace.add(ops.Scalar(0.0)))
    if not layer.return_sequences:
        outputs = trace.add(last, outputs)
    elif turned and layer.go_backwards:
        outputs = trace.add(ops.Flip((1,)), outputs)
    if not layer.return_state:
        return [outputs]
    # Where the first steps are skipped, the state is the initial one, and the output zero.
    apart = bool(states) and mask is not None
    hidden = trace.add(ops.HiddenState() if apart else last, made)
    cell = [trace.add(ops.CellState(), made)] if isinstance(op, ops.LSTM) else []
    return [outputs, hidden, *cell]


def _truths(trace: Trace, mask: Value) -> Value:
    mask = trace.plain(mask)
    return mask if mask.type.dtype == "bool" else trace.like(ops.Cast("bool"), mask)


def _roles(
    trace: Trace, layer: Any, op: ops.LSTM | ops.GRU | ops.RNN, order: tuple[int, ...]
) -> dict[str, str]:
    """The op's parameters; ``order`` is Keras' order of the gates."""
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
    return roles


def _parameter(trace: Trace, variable: Any, role: str, steps: tuple[Any, ...]) -> str:
    return trace.parameter(variable, f"{trace.scope}.{role}", Transform(steps))


def _op(
    trace: Trace, layer: Any, masked: bool
) -> tuple[ops.LSTM | ops.GRU | ops.RNN, tuple[int, ...]]:
    """The op, and Keras' order of its gates. Stock layers have one bias or none; those that
    isograd writes have two."""
    double = hasattr(layer, "bias_hh")
    bias: Bias = "double" if double else "single" if layer.cell.use_bias else "none"
    function = _activation(trace, layer.activation)
    if isinstance(layer, layers.SimpleRNN):
        return ops.RNN(layer.units, bias, layer.go_backwards, function, masked=masked), ()
    options: Any = {
        "masked": masked,
        "activation": function,
        "recurrent_activation": _activation(trace, layer.recurrent_activation),
    }
    if isinstance(layer, layers.LSTM):
        return ops.LSTM(layer.units, bias, layer.go_backwards, **options), ()
    if layer.reset_after and bias == "single":
        bias = "stacked"
    op = ops.GRU(layer.units, bias, layer.go_backwards, layer.reset_after, **options)
    return op, GATES


def _activation(trace: Trace, function: Any) -> Activation:
    """The name of one of Keras' own functions."""
    name = getattr(function, "__name__", "")
    if name not in ACTIVATIONS or getattr(keras.activations, name) is not function:
        raise trace.unsupported(f"a recurrent layer with the activation {name or function!r}")
    return cast(Activation, name)


def _check(trace: Trace, layer: Any) -> None:
    if layer.stateful:
        raise trace.unsupported("a recurrent layer that keeps its state from batch to batch")
    if layer.dropout or layer.recurrent_dropout:
        raise trace.unsupported("dropout inside of a recurrent layer: put a Dropout in front")


def outer(
    trace: Trace, layer: Any, x: Value, *states: Value, mask: Value | None = None
) -> list[Value]:
    """``states`` are the ones to start from."""
    return recurrent(trace, layer, x, *states, mask=mask, turned=True)


def bidirectional(
    trace: Trace, layer: Any, x: Value, *states: Value, mask: Value | None = None
) -> list[Value]:
    """Both directions, merged, and the states of both; the backward outputs are put in the order of
    the input."""
    half = len(states) // 2
    with trace.below("forward"):
        ahead, *last = recurrent(trace, layer.forward_layer, x, *states[:half], mask=mask)
    with trace.below("backward"):
        back, *first = recurrent(trace, layer.backward_layer, x, *states[half:], mask=mask)
    return [*_merged(trace, layer, [ahead, back]), *last, *first]


def _merged(trace: Trace, layer: Any, values: list[Value]) -> list[Value]:
    merge: dict[str, Op] = {"sum": ops.Add(), "mul": ops.Multiply()}
    if layer.merge_mode == "concat":
        return [joined(trace, values, -1)]
    if layer.merge_mode in merge:
        return [binary(trace, merge[layer.merge_mode], *values)]
    if layer.merge_mode == "ave":
        return [trace.like(ops.MultiplyScalar(0.5), binary(trace, ops.Add(), *values))]
    return values


RULES: dict[type, Callable[..., list[Value]]] = {
    layers.LSTM: outer,
    layers.GRU: outer,
    layers.SimpleRNN: outer,
    layers.Bidirectional: bidirectional,
}
"""Layer to its rule."""

FROM_STATES = (outer, bidirectional)
"""Rules that take initial states behind the value."""
