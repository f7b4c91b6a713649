"""What random networks are made of: families of ops, each with what its operands go through first.

A logarithm sees positive numbers, a step function no number that it jumps at, so that every network
is defined and well conditioned. Which forms fit which values is what the ops themselves say.
"""

from __future__ import annotations

from typing import NamedTuple

from isograd.ir import ops
from isograd.ir.ops import Op, TensorType

BOUND = 5
"""Inputs that are whole numbers stay below it."""

Chain = tuple[Op, ...]


class Form(NamedTuple):
    """An op, what each operand goes through first, and whether the operands must be two values."""

    op: Op
    guards: tuple[Chain, ...] = ()
    distinct: bool = False


POSITIVE: Chain = (ops.Square(), ops.AddScalar(0.5))
BOUNDED: Chain = (ops.Tanh(), ops.MultiplyScalar(0.9))
BETWEEN: Chain = (ops.MultiplyScalar(0.7312), ops.AddScalar(0.1371))
"""Off the whole numbers and other round ones, at which step functions jump."""
INDEX: Chain = (ops.Clip(0, 1),)
"""Of two places at least."""


def _plain(*found: Op) -> tuple[Form, ...]:
    return tuple(map(Form, found))


def _of(guard: Chain, *found: Op) -> tuple[Form, ...]:
    return tuple(Form(op, (guard,)) for op in found)


ACTIVATIONS = _plain(
    ops.ReLU(),
    ops.LeakyReLU(0.2),
    ops.GELU(),
    ops.GELU("tanh"),
    ops.SiLU(),
    ops.Sigmoid(),
    ops.Tanh(),
    ops.Softmax(-1),
    ops.Softmax(1),
    ops.LogSoftmax(-1),
    ops.LogSoftmax(1),
    ops.ELU(0.7),
    ops.SELU(),
    ops.CELU(0.4),
    ops.Softplus(2.0),
    ops.Softplus(0.7, None),
    ops.Softsign(),
    ops.Mish(),
    ops.LogSigmoid(),
    ops.PReLU(),
    ops.PReLU(4),
    ops.Dropout(0.5),
    ops.Dropout(0.25, (1,)),
    ops.Dropout(0.5, (0, -1)),
) + _of(
    BETWEEN, ops.HardSwish(), ops.HardSigmoid(), ops.HardTanh(-0.4, 0.6), ops.HardTanh(0.0, 6.0)
)

ELEMENTWISE = (
    _plain(
        ops.Negative(),
        ops.Square(),
        ops.Erf(),
        ops.Sin(),
        ops.Cos(),
        ops.Atan(),
        ops.AddScalar(-0.3),
        ops.AddScalar(2),
        ops.MultiplyScalar(0.7),
        ops.MultiplyScalar(-2),
        ops.PowerScalar(2.0),
        ops.PowerScalar(3),
        ops.Cast("float"),
    )
    + _of(POSITIVE, ops.Log(), ops.Log1p(), ops.Sqrt(), ops.Rsqrt(), ops.Reciprocal())
    + _of(POSITIVE, ops.PowerScalar(0.5), ops.PowerScalar(-1.5))
    + _of(BOUNDED, ops.Exp(), ops.Expm1(), ops.Sinh(), ops.Cosh(), ops.Tan(), ops.Asin())
    + _of(BOUNDED, ops.Acos())
    + _of(BETWEEN, ops.Sign(), ops.Floor(), ops.Ceil(), ops.Round(), ops.Abs())
    + _of(BETWEEN, ops.Clip(-0.3, 0.7), ops.Clip(minimum=0.11), ops.Clip(maximum=0.41))
    + _of(BETWEEN, ops.Cast("int"), ops.Cast("bool"))
    + _of(BETWEEN, *(ops.CompareScalar(r, 0.05) for r in ("!=", "<", "<=", ">", ">=")))
    + _of((ops.Cast("int"),), ops.Abs(), ops.Clip(0, 1), ops.CompareScalar("==", 1))
)

SPATIAL = _plain(
    ops.conv2d(4, 3, padding=1),
    ops.conv2d(4, 2),
    ops.conv2d(2, 3, 2, 1, bias=False),
    ops.conv2d(4, 1),
    ops.conv2d(4, 3, padding=2, dilation=2, groups=2),
    ops.Conv(4, (2, 3), (1, 2), ((0, 1), (2, 0)), (1, 1)),
    ops.conv1d(4, 3, padding=1),
    ops.conv1d(4, 2, 2),
    ops.Conv(2, (2, 2, 3), (1, 2, 1), ((0, 0), (0, 0), (1, 1)), (1, 1, 1)),
    ops.ConvTranspose(4, (3, 2), (2, 2), ((1, 1), (0, 0)), (1, 0), (1, 1)),
    ops.ConvTranspose(4, (3,), (2,), ((0, 1),), (0,), (1,)),
    ops.max_pool2d(2),
    ops.max_pool2d(3, 2, 1),
    ops.max_pool2d(2, ceil_mode=True),
    ops.avg_pool2d(3, 1, 1),
    ops.AvgPool((3, 3), (2, 2), ((0, 1), (1, 1)), False, False),
    ops.MaxPool((2,), (2,), ((0, 0),), (1,)),
    ops.AvgPool((3,), (1,), ((1, 1),)),
    ops.GlobalAvgPool(),
    ops.GlobalAvgPool(True),
    ops.GlobalMaxPool(),
    ops.AdaptiveAvgPool((2, 3)),
    ops.AdaptiveMaxPool((2, 2)),
    ops.AdaptiveAvgPool((3,)),
    ops.Resize((5, 6), None, "nearest"),
    ops.Resize(None, (2.0, 2.0), "nearest"),
    ops.Resize(None, (2.0, 2.0), "bilinear"),
    ops.Resize((5, 7), None, "bilinear", True),
)

LAYERS = _plain(
    ops.Linear(4),
    ops.Linear(6),
    ops.Linear(8, bias=False),
    ops.BatchNorm(),
    ops.BatchNorm(eps=0.01, momentum=0.3),
    ops.BatchNorm(affine=False),
    ops.LayerNorm((4,)),
    ops.LayerNorm((6,), eps=0.01, bias=False),
    ops.LayerNorm((4, 4), affine=False),
    ops.GroupNorm(2),
    ops.GroupNorm(4, affine=False),
    ops.RMSNorm((4,)),
    ops.RMSNorm((6,), eps=0.1),
) + _of(
    (ops.Clip(0, BOUND - 1),),
    ops.Embedding(BOUND, 4),
    ops.Embedding(BOUND, 6, padding_idx=1),
    ops.OneHot(BOUND),
)

RECURRENT = _plain(
    ops.LSTM(4),
    ops.LSTM(6, reverse=True),
    ops.GRU(4),
    ops.GRU(6, reverse=True),
    ops.RNN(4, "none"),
    ops.RNN(4, activation="relu"),
)

MOVEMENT = _plain(
    ops.Flatten(),
    ops.Flatten(2),
    ops.Flatten(1, 2),
    ops.Flatten(0, 1),
    ops.Transpose((1, 0)),
    ops.Transpose((0, 2, 1)),
    ops.Transpose((1, 0, 2)),
    ops.Transpose((0, 2, 3, 1)),
    ops.Transpose((0, 3, 1, 2)),
    ops.Transpose((0, 1, 3, 2)),
    ops.Transpose((0, 2, 1, 3)),
    ops.Reshape(("N", 4, -1)),
    ops.Reshape(("N", 2, 2, -1)),
    ops.Reshape(("N", -1)),
    ops.Reshape((-1, 4)),
    ops.Reshape(("N", "T", 2, -1)),
    ops.Slice(1, 1),
    ops.Slice(1, 0, -1),
    ops.Slice(-1, 0, None, 2),
    ops.Slice(2, -2),
    ops.Select(1, 0),
    ops.Select(1, -1),
    ops.Select(-1, 1),
    ops.ExpandDims(1),
    ops.ExpandDims(-1),
    ops.Squeeze((1,)),
    ops.Squeeze((-1,)),
    ops.BroadcastTo(("N", 3, 4)),
    ops.BroadcastTo(("N", 4, 4, 4)),
    ops.Tile((1, 2)),
    ops.Tile((1, 2, 1)),
    ops.Tile((1, 1, 2, 1)),
    ops.RepeatInterleave(2, 1),
    ops.RepeatInterleave(2, -1),
    ops.Flip((1,)),
    ops.Flip((0, -1)),
    ops.Roll((1,), (1,)),
    ops.Roll((2, -1), (1, -1)),
    ops.Pad(((0, 0), (1, 2))),
    ops.Pad(((0, 0), (1, 0), (0, 2)), value=0.5),
    ops.Pad(((0, 0), (0, 0), (-1, 2)), value=-0.5),
    ops.Pad(((0, 0), (0, 0), (1, 1), (2, 0))),
    *(ops.Pad(((0, 0), (0, 0), (1, 2), (0, 1)), m) for m in ("reflect", "replicate", "circular")),
    ops.Triangle(True, 1),
    ops.Triangle(False),
)

REDUCTIONS = _plain(
    *(
        op(axes, keepdims)
        for op in (ops.Mean, ops.Sum, ops.Max, ops.Min, ops.LogSumExp)
        for axes, keepdims in (((-1,), False), ((1,), True), ((1, -1), False))
    ),
    ops.Variance((-1,)),
    ops.Variance((1,), 0, True),
    ops.CumSum(1),
    ops.CumSum(-1),
    ops.ArgMax(1),
    ops.ArgMin(-1, keepdims=True),
) + _of(BOUNDED, ops.Prod((1,)), ops.Prod((-1,), True))

ARITHMETIC = (
    _plain(ops.Add(), ops.Multiply(), ops.Concat(1), ops.Concat(-1))
    + tuple(Form(op, distinct=True) for op in (ops.Subtract(), ops.Maximum(), ops.Minimum()))
    + (
        Form(ops.Divide(), ((), POSITIVE), distinct=True),
        Form(ops.Remainder(), (BETWEEN, POSITIVE), distinct=True),
        Form(ops.FloorDivide(), (BETWEEN, POSITIVE), distinct=True),
        Form(ops.Power(), (POSITIVE, BOUNDED), distinct=True),
        Form(ops.Atan2(), (BETWEEN, POSITIVE), distinct=True),
    )
)

CONTRACTIONS = _plain(
    ops.MatMul(),
    ops.Einsum("ntc,nsc->nts"),
    ops.Einsum("nchw,ncij->nhj"),
    ops.Attention(),
    ops.Attention(causal=True, scale=0.4),
)

LOGIC = _plain(
    ops.LogicalAnd(),
    ops.LogicalOr(),
    ops.LogicalXor(),
    ops.Compare("=="),
    ops.Where(),
    ops.LogicalNot(),
    ops.All((1,)),
    ops.Any((-1,), keepdims=True),
) + tuple(Form(ops.Compare(r), (BETWEEN,), distinct=True) for r in ("<", ">=", "!="))

INDEXING = (
    Form(ops.Take(1), ((), INDEX)),
    Form(ops.Take(0), ((), INDEX)),
    Form(ops.TakeAlongAxis(1), ((), INDEX)),
    Form(ops.TakeAlongAxis(-1), ((), INDEX)),
)

SOURCES = _plain(
    ops.Parameter((4, 1, 4)),
    ops.Parameter((4,)),
    ops.Parameter((1, 2, 4, 1)),
    ops.Parameter((4, 6)),
    ops.Buffer((6, 1)),
    ops.Buffer((4,), "bool"),
    ops.Full(("N", 1), 0.3),
    ops.Full(("N", 4), True, "bool"),
    ops.Scalar(0.7),
    ops.Scalar(-1.3),
    ops.Scalar(2, "int"),
    ops.Arange(0, 4),
)

FAMILIES = {
    "activations": ACTIVATIONS,
    "elementwise": ELEMENTWISE,
    "spatial": SPATIAL,
    "layers": LAYERS,
    "recurrent": RECURRENT,
    "movement": MOVEMENT,
    "reductions": REDUCTIONS,
    "arithmetic": ARITHMETIC,
    "contractions": CONTRACTIONS,
    "logic": LOGIC,
    "indexing": INDEXING,
    "sources": SOURCES,
}

INPUTS = (
    TensorType(("N", 4, 6, 6)),
    TensorType(("N", 2, 4, 4)),
    TensorType(("N", 4, 9)),
    TensorType(("N", "T", 4)),
    TensorType(("N", 6, 4)),
    TensorType(("N", 8)),
    TensorType(("N", 2, 3, 4, 4)),
    TensorType(("N", "T"), "int"),
    TensorType(("N", 6), "int"),
    TensorType(("N", 4), "bool"),
)
