"""Every form of the recurrent ops, and what each is by its definition, in NumPy."""

from __future__ import annotations

import numpy as np

from isograd.ir import ops
from isograd.ir.mapping import Arrays
from isograd.ir.ops import Op, TensorType

SEQUENCE = TensorType(("N", 7, 3))
STATE = TensorType(("N", 5))

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
)


def by_definition(op: Op, weights: Arrays, x: np.ndarray, *initial: np.ndarray) -> np.ndarray:
    """The outputs [N, T, H] of ``op``, step by step."""
    return _run(op, weights, x, *initial)[0]


def cell_by_definition(op: Op, weights: Arrays, x: np.ndarray, *initial: np.ndarray) -> np.ndarray:
    """The cell state [N, H] that an LSTM ends with."""
    return _run(op, weights, x, *initial)[1][1]


def _run(op: Op, weights: Arrays, x: np.ndarray, *initial: np.ndarray) -> tuple:
    """The outputs of all steps, and the final states."""
    step = {ops.LSTM: _lstm, ops.GRU: _gru, ops.RNN: _rnn}[type(op)]
    states = initial or (np.zeros((len(x), op.hidden_size)),) * op.states
    outputs = np.zeros((*x.shape[:2], op.hidden_size))
    for t in reversed(range(x.shape[1])) if op.reverse else range(x.shape[1]):
        states = step(op, weights, x[:, t], *states)
        outputs[:, t] = states[0]
    return outputs, states


def _of_input(weights: Arrays, x: np.ndarray) -> np.ndarray:
    return x @ weights["weight_ih"].T + weights.get("bias_ih", weights.get("bias", 0))


def _of_state(weights: Arrays, h: np.ndarray) -> np.ndarray:
    return h @ weights["weight_hh"].T + weights.get("bias_hh", 0)


def _lstm(op: Op, weights: Arrays, x: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple:
    i, f, g, o = np.split(_of_input(weights, x) + _of_state(weights, h), 4, axis=1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _gru(op: Op, weights: Arrays, x: np.ndarray, h: np.ndarray) -> tuple:
    of_x = np.split(_of_input(weights, x), 3, axis=1)
    of_h = np.split(_of_state(weights, h), 3, axis=1)
    r, z = (_sigmoid(of_x[i] + of_h[i]) for i in (0, 1))
    if op.reset_after:
        n = np.tanh(of_x[2] + r * of_h[2])
    else:
        n = np.tanh(of_x[2] + (r * h) @ np.split(weights["weight_hh"], 3)[2].T)
    return ((1 - z) * n + z * h,)


def _rnn(op: Op, weights: Arrays, x: np.ndarray, h: np.ndarray) -> tuple:
    a = _of_input(weights, x) + _of_state(weights, h)
    return (np.tanh(a) if op.activation == "tanh" else np.maximum(a, 0),)


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))
