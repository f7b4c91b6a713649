"""What the recurrent ops refuse, and how their parameters start."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from op_cases import INDICES, real, truths, whole

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.ops import Op, ShapeError, TensorType

SEQUENCE = real("N", 7, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ops.LSTM(0), "LSTM: hidden_size must be a whole number of at least 1, got 0"),
        (lambda: ops.LSTM(3, True), "bias must be 'double' or 'single' or 'none', got True"),
        (lambda: ops.LSTM(3, reverse=1), "reverse must be True or False"),
        (
            lambda: ops.GRU(3, "single"),
            "bias must be 'double' or 'stacked' or 'none' with reset_after",
        ),
        (
            lambda: ops.GRU(3, "double", reset_after=False),
            "bias must be 'single' or 'none' without reset_after, got 'double'",
        ),
        (lambda: ops.GRU(3, reset_after=None), "reset_after must be True or False"),
        (
            lambda: ops.RNN(3, activation="gelu"),
            "activation must be 'tanh' or 'sigmoid' or .* 'gelu'",
        ),
        (lambda: ops.GRU(3, recurrent_activation=None), "recurrent_activation must be 'tanh' or"),
        (lambda: ops.LSTM(3, masked=1), "masked must be True or False"),
    ],
)
def test_an_attribute_out_of_range_is_refused(make: Callable[[], Op], message: str):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (ops.LSTM(3), (INDICES,), "LSTM needs floating-point values"),
        (ops.RNN(3), (real("N", 3),), r"needs \[batch, time, features\], got \('N', 3\)"),
        (ops.GRU(3), (real("N", 7, "F"),), "number of input features"),
        (ops.LSTM(5), (SEQUENCE, real("N", 5)), "LSTM takes all 2 initial states or none"),
        (ops.GRU(5), (SEQUENCE, real("N", 4)), r"must be \('N', 5\), got \('N', 4\)"),
        (ops.GRU(5), (SEQUENCE, real(1, "N", 5)), "an initial state must be"),
        (ops.RNN(5), (SEQUENCE, whole("N", 5)), "floating-point"),
        (ops.RNN(5, masked=True), (SEQUENCE, whole("N", 7)), "a mask must hold truth values"),
        (ops.LSTM(5, masked=True), (SEQUENCE, truths("N", 5)), r"truth values \('N', 7\)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(op: Op, inputs: tuple[TensorType, ...], message: str):
    with pytest.raises(ShapeError, match=message):
        op.infer(*inputs)


def test_more_inputs_than_states_are_refused():
    b = Builder("net")
    x, h = b.input("x", ("N", 7, 3)), b.input("h", ("N", 5))
    with pytest.raises(ShapeError, match="number of inputs must be 1 to 2, got 3"):
        b(ops.GRU(5), x, h, h)


@pytest.mark.parametrize("op", [ops.GRU(5), ops.RNN(5), ops.ReLU()], ids=str)
def test_only_an_lstm_has_a_cell_state(op: Op):
    b = Builder("net")
    with pytest.raises(ShapeError, match="CellState must read what LSTM makes"):
        b(ops.CellState(), b(op, b.input("x", ("N", 7, 5))))
    with pytest.raises(ShapeError, match="CellState must read what LSTM makes"):
        b(ops.CellState(), b.input("y", ("N", 7, 5)))


@pytest.mark.parametrize("op", [ops.LSTM(16), ops.GRU(16), ops.RNN(16)])
def test_all_parameters_start_within_one_over_the_root_of_the_hidden_size(op: Op):
    for spec in op.parameters(SEQUENCE).values():
        assert (spec.init.kind, spec.init.value, spec.trainable) == ("uniform", 0.25, True)
