"""Every form of the recurrent ops, and what each is by its definition, in NumPy."""

from __future__ import annotations

import numpy as np

from isograd.ir import ops
from isograd.ir.mapping import Arrays
from isograd.ir.ops import Op, TensorType

SEQUENCE = TensorType(("N", 7, 3))
STATE = TensorType(("N", 5))
MASK = TensorType(("N", 7), "bool")


def by_definition(op: Op, weights: Arrays, x: np.ndarray, *initial: np.ndarray) -> np.ndarray:
    """The outputs [N, T, H] of ``op``, step by step."""
    return _run(op, weights, x, *initial)[0]


def cell_by_definition(op: Op, weights: Arrays, x: np.ndarray, *initial: np.ndarray) -> np.ndarray:
    """The cell state [N, H] that an LSTM ends with."""
    return _run(op, weights, x, *initial)[1][1]


def _run(op: Op, weights: Arrays, x: np.ndarray, *initial: np.ndarray) -> tuple:
    """The outputs of all steps, and the final states."""
    step = {ops.LSTM: _lstm, ops.GRU: _gru, ops.RNN: _rnn}[type(op)]
    mask = np.ones(x.shape[:2], bool)
    if op.masked:
        *initial, mask = initial
    last = np.zeros((len(x), op.hidden_size))
    states = initial or (last,) * op.states
    outputs = np.zeros((*x.shape[:2], op.hidden_size))
    for t in reversed(range(x.shape[1])) if op.reverse else range(x.shape[1]):
        new, keep = step(op, weights, x[:, t], *states), mask[:, t, None]
        states = [np.where(keep, *pair) for pair in zip(new, states, strict=True)]
        outputs[:, t] = last = np.where(keep, new[0], last)
    return outputs, states


def _of_input(weights: Arrays, x: np.ndarray) -> np.ndarray:
    bias = weights.get("bias_ih", weights.get("bias", np.zeros(1)))
    return x @ weights["weight_ih"].T + (bias if bias.ndim == 1 else bias[0])


def _of_state(weights: Arrays, h: np.ndarray) -> np.ndarray:
    both = weights.get("bias", np.zeros(1))
    return h @ weights["weight_hh"].T + weights.get("bias_hh", both[1] if both.ndim == 2 else 0)


def _lstm(op: Op, weights: Arrays, x: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple:
    i, f, g, o = np.split(_of_input(weights, x) + _of_state(weights, h), 4, axis=1)
    gate, function = FUNCTIONS[op.recurrent_activation], FUNCTIONS[op.activation]
    c = gate(f) * c + gate(i) * function(g)
    return gate(o) * function(c), c


def _gru(op: Op, weights: Arrays, x: np.ndarray, h: np.ndarray) -> tuple:
    of_x = np.split(_of_input(weights, x), 3, axis=1)
    of_h = np.split(_of_state(weights, h), 3, axis=1)
    gate, function = FUNCTIONS[op.recurrent_activation], FUNCTIONS[op.activation]
    r, z = (gate(of_x[i] + of_h[i]) for i in (0, 1))
    if op.reset_after:
        n = function(of_x[2] + r * of_h[2])
    else:
        n = function(of_x[2] + (r * h) @ np.split(weights["weight_hh"], 3)[2].T)
    return ((1 - z) * n + z * h,)


def _rnn(op: Op, weights: Arrays, x: np.ndarray, h: np.ndarray) -> tuple:
    a = _of_input(weights, x) + _of_state(weights, h)
    return (FUNCTIONS[op.activation](a),)


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


FUNCTIONS = {
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "hard_sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "relu": lambda a: np.maximum(a, 0),
    "linear": lambda a: a,
    "softsign": lambda a: a / (1 + np.abs(a)),
    "silu": lambda a: a * _sigmoid(a),
    "elu": lambda a: np.where(a > 0, a, np.expm1(a)),
}


CASES: tuple[tuple[Op, ...], ...] = (
    *((ops.LSTM(5, bias), SEQUENCE) for bias in ("double", "single", "none")),
    (ops.LSTM(5, reverse=True), SEQUENCE),
    (ops.LSTM(5, "single", reverse=True), SEQUENCE),
    (ops.LSTM(5), SEQUENCE, STATE, STATE),
    (ops.LSTM(5, "single", reverse=True), SEQUENCE, STATE, STATE),
    (ops.LSTM(1), TensorType(("N", 1, 1))),
    (ops.GRU(5), SEQUENCE),
    (ops.GRU(5, reverse=True), SEQUENCE, STATE),
    (ops.GRU(5, "none"), SEQUENCE),
    (ops.GRU(5, "single", reset_after=False), SEQUENCE),
    (ops.GRU(5, "single", reverse=True, reset_after=False), SEQUENCE, STATE),
    (ops.GRU(5, "none", reset_after=False), SEQUENCE),
    *((ops.RNN(5, bias), SEQUENCE) for bias in ("double", "single", "none")),
    *((ops.RNN(5, bias, activation="relu"), SEQUENCE) for bias in ("double", "single")),
    (ops.RNN(5, reverse=True), SEQUENCE, STATE),
    (ops.RNN(5, "single", reverse=True), SEQUENCE),
    (ops.LSTM(5, masked=True), SEQUENCE, MASK),
    (ops.LSTM(5, "single", reverse=True, masked=True), SEQUENCE, STATE, STATE, MASK),
    (ops.GRU(5, "stacked", masked=True), SEQUENCE, MASK),
    (ops.GRU(5, "single", True, False, masked=True), SEQUENCE, STATE, MASK),
    (ops.RNN(5, "none", masked=True), SEQUENCE, STATE, MASK),
    (ops.LSTM(5, "single", activation="relu", recurrent_activation="hard_sigmoid"), SEQUENCE),
    (ops.GRU(5, recurrent_activation="hard_sigmoid"), SEQUENCE, STATE),
    (ops.GRU(5, "none", True, False, activation="elu", masked=True), SEQUENCE, MASK),
    *((ops.RNN(5, activation=name), SEQUENCE) for name in sorted({*FUNCTIONS} - {"tanh", "relu"})),
)
