"""Recurrent layers: one node for each layer and direction; and their cells, as arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.rules.indexing import select
from isograd.frameworks.torch.importing.rules.randomness import dropped
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.mapping import Permute, Transform
from isograd.ir.ops.base import Op, static

Make = Callable[[int, str, bool], Op]
"""An op of (hidden_size, bias, reverse)."""

Made = tuple[Value, bool]
"""The outputs of a layer in one direction, and whether that is backwards."""

TIME_FIRST = Transform((Permute((1, 0, 2)),))
"""PyTorch works through [T, N, H] inside, whatever it is given."""


def lstm(call: Call, x: Value, states: Sequence[Value], *rest: Any) -> tuple[Value, Value, Value]:
    outputs, made = _stack(call, ops.LSTM, x, list(states), *rest)  # type: ignore[arg-type]
    cells = [call(ops.CellState(), value) for value, _ in made]
    return outputs, _hidden(call, made), _together(call, cells)


def single_state(make: Make) -> Rule:
    def rule(call: Call, x: Value, state: Value, *rest: Any) -> tuple[Value, Value]:
        outputs, made = _stack(call, make, x, [state], *rest)
        return outputs, _hidden(call, made)

    return rule


def _hidden(call: Call, made: Sequence[Made]) -> Value:
    """The last h of each layer and direction; backwards it is at the first step."""
    return _together(call, [call(ops.Select(1, 0 if back else -1), x) for x, back in made])


def _together(call: Call, states: Sequence[Value]) -> Value:
    """[layers * directions, N, H]"""
    apart = [call(ops.ExpandDims(0), state) for state in states]
    return apart[0] if len(apart) == 1 else call(ops.Concat(0), *apart)


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
) -> tuple[Value, list[Made]]:
    """All layers, each on the outputs of the one before: the outputs, and what each one makes."""
    directions = 2 if bidirectional else 1
    per_layer = len(weights) // (layers * directions)
    if per_layer != (4 if has_biases else 2):
        raise call.unsupported("an LSTM with projections")
    if x.type.rank != 3:
        raise call.unsupported("a recurrent layer on an input without a batch axis")
    x = x if batch_first else call.transpose(x, (1, 0, 2))
    made: list[Made] = []
    for layer in range(layers):
        outputs: list[Value] = []
        for direction in range(directions):
            number = layer * directions + direction
            own = weights[number * per_layer : (number + 1) * per_layer]
            outputs.append(_one(call, make, x, _initial(call, states, number), own, direction == 1))
            made.append((outputs[-1], direction == 1))
        x = outputs[0] if directions == 1 else call(ops.Concat(2), *outputs)
        if train and dropout and layer < layers - 1:
            x = dropped(call, x, dropout, layout=TIME_FIRST)
    return (x if batch_first else call.transpose(x, (1, 0, 2))), made


def _initial(call: Call, states: Sequence[Value], number: int) -> list[Value]:
    """None where all are zero, which is what they are anyway."""
    if all(state.number == 0 for state in states):
        return []
    return [select(call, state, 0, number) for state in states]


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
