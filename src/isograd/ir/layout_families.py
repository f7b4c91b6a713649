"""Families of ops that a layout rule treats alike."""

from __future__ import annotations

from isograd.ir import ops
from isograd.ir.ops import Op

REDUCTIONS = (
    ops.Mean,
    ops.Sum,
    ops.Prod,
    ops.Max,
    ops.Min,
    ops.LogSumExp,
    ops.Variance,
    ops.All,
    ops.Any,
)
"""They take axes away."""

RECURRENT = (ops.LSTM, ops.GRU, ops.RNN, ops.CellState, ops.HiddenState)
"""They go through time, or read the states that such a one ends with."""

SOURCES = (ops.Parameter, ops.Buffer, ops.Scalar, ops.Full, ops.Arange)
"""They take nothing."""

ALIKE: tuple[type[Op], ...] = (
    ops.ReLU,
    ops.LeakyReLU,
    ops.GELU,
    ops.ELU,
    ops.SELU,
    ops.CELU,
    ops.SiLU,
    ops.Sigmoid,
    ops.LogSigmoid,
    ops.Tanh,
    ops.HardTanh,
    ops.Softplus,
    ops.Softsign,
    ops.Mish,
    ops.Softmax,
    ops.LogSoftmax,
    ops.HardSwish,
    ops.HardSigmoid,
    ops.Negative,
    ops.Sign,
    ops.Floor,
    ops.Ceil,
    ops.Round,
    ops.Exp,
    ops.Expm1,
    ops.Log,
    ops.Log1p,
    ops.Sqrt,
    ops.Rsqrt,
    ops.Reciprocal,
    ops.Abs,
    ops.Square,
    ops.Erf,
    ops.Sin,
    ops.Cos,
    ops.Tan,
    ops.Asin,
    ops.Acos,
    ops.Atan,
    ops.Sinh,
    ops.Cosh,
    ops.Clip,
    ops.Cast,
    ops.LogicalNot,
    ops.AddScalar,
    ops.MultiplyScalar,
    ops.PowerScalar,
    ops.CompareScalar,
)
"""They treat every element, or every line along an axis, alike."""

OF_TWO: tuple[type[Op], ...] = (
    ops.Add,
    ops.Subtract,
    ops.Multiply,
    ops.Divide,
    ops.FloorDivide,
    ops.Remainder,
    ops.Power,
    ops.Atan2,
    ops.Maximum,
    ops.Minimum,
    ops.Compare,
    ops.LogicalAnd,
    ops.LogicalOr,
    ops.LogicalXor,
)
"""They take two operands that broadcast."""
