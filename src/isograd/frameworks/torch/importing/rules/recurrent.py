"""Recurrent layers: one node for each layer and direction; and their cells, as arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.rules.randomness import dropped
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.mapping import Permute, Transform
from isograd.ir.ops.base import Op, static

Make = Callable[[int, str, bool], Op]
"""An op of (hidden_size, bias, reverse)."""


TIME_FIRST = Transform((Permute((1, 0, 2)),))
"""PyTorch works through [T, N, H] inside, whatever it is given."""


def lstm(call: Call, x: Value, states: Sequence[Value], *rest: Any) -> tuple[Value, Value, Value]:
    outputs, final = _stack(call, ops.LSTM, x, list(states), *rest)  # type: ignore[arg-type]
    return outputs, final, Value(call.results[2], problem="the final cell state of an LSTM")


def single_state(make: Make) -> Rule:
    def rule(call: Call, x: Value, state: Value, *rest: Any) -> tuple[Value, Value]:
        return _stack(call, make, x, [state], *rest)

    return rule


def _stack(
    call: Call,
    make: Make,
    x: Value,
    states: list[Value],
    weights: Sequence[Value],
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Value, Value]:
    """All layers, each on the outputs of the one before: outputs, and the last h of each."""
    directions = 2 if bidirectional else 1
    per_layer = len(weights) // (layers * directions)
    if per_layer != (4 if has_biases else 2):
        raise call.unsupported("an LSTM with projections")
    if x.type.rank != 3:
        raise call.unsupported("a recurrent layer on an input without a batch axis")
    x = x if batch_first else call.transpose(x, (1, 0, 2))
    finals: list[Value] = []
    for layer in range(layers):
        outputs: list[Value] = []
        for direction in range(directions):
            number = layer * directions + direction
            own = weights[number * per_layer : (number + 1) * per_layer]
            outputs.append(_one(call, make, x, _initial(call, states, number), own, direction == 1))
            finals.append(call(ops.Select(1, 0 if direction else -1), outputs[-1]))
        x = outputs[0] if directions == 1 else call(ops.Concat(2), *outputs)
        if train and dropout and layer < layers - 1:
            x = dropped(call, x, dropout, layout=TIME_FIRST)
    last = [call(ops.ExpandDims(0), value) for value in finals]
    final = last[0] if len(last) == 1 else call(ops.Concat(0), *last)
    return (x if batch_first else call.transpose(x, (1, 0, 2))), final


def _initial(call: Call, states: Sequence[Value], number: int) -> list[Value]:
    """None where all are zero, which is what they are anyway."""
    if all(state.number == 0 for state in states):
        return []
    return [call(ops.Select(0, number), state) for state in states]


def _one(
    call: Call, make: Make, x: Value, initial: Sequence[Value], weights: Sequence[Value], back: bool
) -> Value:
    hidden = static(weights[1].type.shape[1], "the hidden size")
    bias = "double" if len(weights) == 4 else "none"
    roles = dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=False))
    return call.layer_or(make(hidden, bias, back), (x, *initial), roles, "a recurrent layer")


def _rnn(activation: str) -> Make:
    return lambda hidden, bias, back: ops.RNN(hidden, bias, back, activation)  # type: ignore[arg-type]


# Cells --------------------------------------------------------------------------------------------


def lstm_cell(
    call: Call, x: Value, states: Sequence[Value], *weights: Value
) -> tuple[Value, Value]:
    h, c = states
    ih, hh = _projections(call, x, h, *weights)
    i, f, g, o = _gates(call, call(ops.Add(), ih, hh), 4)
    kept = call(ops.Multiply(), call(ops.Sigmoid(), f), c)
    new = call(ops.Multiply(), call(ops.Sigmoid(), i), call(ops.Tanh(), g))
    c = call(ops.Add(), kept, new)
    return call(ops.Multiply(), call(ops.Sigmoid(), o), call(ops.Tanh(), c)), c


def gru_cell(call: Call, x: Value, h: Value, *weights: Value) -> Value:
    ih, hh = _projections(call, x, h, *weights)
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _gates(call, ih, 3), _gates(call, hh, 3)
    r = call(ops.Sigmoid(), call(ops.Add(), r_x, r_h))
    z = call(ops.Sigmoid(), call(ops.Add(), z_x, z_h))
    n = call(ops.Tanh(), call(ops.Add(), n_x, call(ops.Multiply(), r, n_h)))
    return call(ops.Add(), n, call(ops.Multiply(), z, call(ops.Subtract(), h, n)))


def rnn_cell(activation: type[Op]) -> Rule:
    def rule(call: Call, x: Value, h: Value, *weights: Value) -> Value:
        return call(activation(), call(ops.Add(), *_projections(call, x, h, *weights)))

    return rule


def _projections(
    call: Call, x: Value, h: Value, w_ih: Value, w_hh: Value, *biases: Value | None
) -> tuple[Value, Value]:
    b_ih, b_hh = biases or (None, None)
    rows = static(w_ih.type.shape[0], "the number of gates")
    op = ops.Linear(rows, b_ih is not None)
    ih = call.layer_or(op, (x,), {"weight": w_ih, "bias": b_ih}, "a recurrent cell")
    return ih, call.layer_or(op, (h,), {"weight": w_hh, "bias": b_hh}, "a recurrent cell")


def _gates(call: Call, x: Value, count: int) -> list[Value]:
    size = static(x.type.shape[-1], "the number of gates") // count
    axis = x.type.rank - 1
    return [
        call(ops.Slice(axis, i * size, None if i == count - 1 else (i + 1) * size), x)
        for i in range(count)
    ]


RULES: dict[str, Rule] = {
    "gru.input": single_state(
        lambda hidden, bias, back: ops.GRU(hidden, bias, back, True)  # type: ignore[arg-type]
    ),
    "gru_cell": gru_cell,
    "lstm.input": lstm,
    "lstm_cell": lstm_cell,
    "rnn_relu.input": single_state(_rnn("relu")),
    "rnn_relu_cell": rnn_cell(ops.ReLU),
    "rnn_tanh.input": single_state(_rnn("tanh")),
    "rnn_tanh_cell": rnn_cell(ops.Tanh),
}
