"""One case or more for each op: inputs, the output they must give, the parameters they must have.

Expected shapes are written by hand, or known from published networks; none is computed.
"""

from __future__ import annotations

from typing import NamedTuple

from isograd.ir import ops
from isograd.ir.ops import Op, TensorType


class Case(NamedTuple):
    op: Op
    inputs: tuple[TensorType, ...]
    output: TensorType
    parameters: dict[str, tuple[int, ...]] = {}  # noqa: RUF012


def real(*shape: int | str) -> TensorType:
    return TensorType(shape, "float")


def whole(*shape: int | str) -> TensorType:
    return TensorType(shape, "int")


def truths(*shape: int | str) -> TensorType:
    return TensorType(shape, "bool")


def same(op: Op, x: TensorType, **parameters: tuple[int, ...]) -> Case:
    return Case(op, (x,), x, parameters)


IMAGE = real("N", 8, 6, 6)
FEATURES = real("N", 10)
INDICES = whole("N", 7)

ACTIVATIONS = (
    ops.ReLU(),
    ops.LeakyReLU(0.2),
    ops.GELU(),
    ops.GELU("tanh"),
    ops.SiLU(),
    ops.Sigmoid(),
    ops.Tanh(),
    ops.HardSwish(),
    ops.HardSigmoid(),
    ops.Softmax(),
    ops.LogSoftmax(1),
    ops.Dropout(0.5),
    ops.HardTanh(),
    ops.ELU(0.5),
    ops.SELU(),
    ops.CELU(0.5),
    ops.Softplus(2.0, None),
    ops.Softsign(),
    ops.Mish(),
    ops.LogSigmoid(),
)
BINARY = (
    ops.Add(),
    ops.Subtract(),
    ops.Multiply(),
    ops.Divide(),
    ops.FloorDivide(),
    ops.Remainder(),
    ops.Power(),
    ops.Atan2(),
    ops.Maximum(),
    ops.Minimum(),
)
LOGIC = (ops.LogicalAnd(), ops.LogicalOr(), ops.LogicalXor())
REDUCTIONS = (ops.Max, ops.Min, ops.Prod, ops.Variance, ops.LogSumExp)
UNARY = (
    ops.Negative(),
    ops.Exp(),
    ops.Log(),
    ops.Sqrt(),
    ops.Abs(),
    ops.Square(),
    ops.Sign(),
    ops.Floor(),
    ops.Ceil(),
    ops.Round(),
    ops.Expm1(),
    ops.Log1p(),
    ops.Rsqrt(),
    ops.Reciprocal(),
    ops.Erf(),
    ops.Sin(),
    ops.Cos(),
    ops.Tan(),
    ops.Asin(),
    ops.Acos(),
    ops.Atan(),
    ops.Sinh(),
    ops.Cosh(),
    ops.Clip(maximum=1.0),
    ops.AddScalar(0.5),
    ops.MultiplyScalar(-2.0),
    ops.PowerScalar(3),
)

CASES: tuple[Case, ...] = (
    *(same(op, x) for op in ACTIVATIONS for x in (IMAGE, FEATURES)),
    *(same(op, IMAGE) for op in UNARY),
    *(Case(op, (IMAGE, real(8, 1, 1)), IMAGE) for op in BINARY),
    Case(ops.Add(), (real("N", 1), real(5)), real("N", 5)),
    Case(ops.Add(), (whole(3), whole(1)), whole(3)),
    same(ops.AddScalar(2), INDICES),
    Case(ops.Linear(4), (FEATURES,), real("N", 4), {"weight": (4, 10), "bias": (4,)}),
    Case(ops.Linear(4, bias=False), (real("N", 3, 10),), real("N", 3, 4), {"weight": (4, 10)}),
    Case(ops.MatMul(), (real("N", 2, 3), real(3, 5)), real("N", 2, 5)),
    Case(ops.Embedding(100, 16), (INDICES,), real("N", 7, 16), {"weight": (100, 16)}),
    # The stem of ResNet (He et al., CVPR 2016, table 1).
    Case(
        ops.conv2d(64, 7, stride=2, padding=3, bias=False),
        (real("N", 3, 224, 224),),
        real("N", 64, 112, 112),
        {"weight": (64, 3, 7, 7)},
    ),
    Case(ops.max_pool2d(3, 2, 1), (real("N", 64, 112, 112),), real("N", 64, 56, 56)),
    # The first layer of AlexNet (Krizhevsky et al., 2012), and its overlapping pooling.
    Case(
        ops.conv2d(96, 11, stride=4),
        (real("N", 3, 227, 227),),
        real("N", 96, 55, 55),
        {"weight": (96, 3, 11, 11), "bias": (96,)},
    ),
    Case(ops.max_pool2d(3, 2), (real("N", 96, 55, 55),), real("N", 96, 27, 27)),
    # Depthwise, and padded at the end only, as TensorFlow's SAME does for stride 2.
    Case(
        ops.Conv(8, (3, 3), (2, 2), ((0, 1), (0, 1)), (1, 1), groups=8),
        (IMAGE,),
        real("N", 8, 3, 3),
        {"weight": (8, 1, 3, 3), "bias": (8,)},
    ),
    Case(
        ops.conv1d(5, 3, dilation=2, groups=1),
        (real("N", 4, 9),),
        real("N", 5, 5),
        {"weight": (5, 4, 3), "bias": (5,)},
    ),
    Case(
        ops.Convolve((3,), (1,), ((2, 0),), (1,), 2),
        (real("N", 4, "T"), real(6, 2, 3)),
        real("N", 6, "T"),
    ),
    Case(
        ops.conv2d(2, 3, padding=1),
        (real("N", 1, "H", "W"),),
        real("N", 2, "H", "W"),
        {"weight": (2, 1, 3, 3), "bias": (2,)},
    ),
    Case(ops.avg_pool2d(2), (IMAGE,), real("N", 8, 3, 3)),
    Case(ops.AvgPool((3,), (2,), ((1, 1),)), (real("N", 4, 9),), real("N", 4, 5)),
    Case(ops.max_pool2d(2, ceil_mode=True), (real("N", 1, 5, 5),), real("N", 1, 3, 3)),
    # Too small for one window, which hangs over the end: torch takes what there is.
    Case(ops.avg_pool2d(3, 2, ceil_mode=True), (real("N", 1, 2, 2),), real("N", 1, 1, 1)),
    # The third window would start behind the input, in the padding: torch leaves it out.
    Case(ops.max_pool2d(2, 3, 1, ceil_mode=True), (real("N", 1, 5, 5),), real("N", 1, 2, 2)),
    Case(ops.GlobalAvgPool(), (IMAGE,), real("N", 8)),
    Case(ops.GlobalMaxPool(keepdims=True), (real("N", 8, "H", "W"),), real("N", 8, 1, 1)),
    same(ops.BatchNorm(), IMAGE, weight=(8,), bias=(8,), running_mean=(8,), running_var=(8,)),
    same(ops.BatchNorm(affine=False), FEATURES, running_mean=(10,), running_var=(10,)),
    same(ops.LayerNorm((6, 6)), IMAGE, weight=(6, 6), bias=(6, 6)),
    same(ops.LayerNorm((10,), affine=False), FEATURES),
    same(ops.GroupNorm(4), IMAGE, weight=(8,), bias=(8,)),
    Case(
        ops.LSTM(5),
        (real("N", "T", 3),),
        real("N", "T", 5),
        {"weight_ih": (20, 3), "weight_hh": (20, 5), "bias_ih": (20,), "bias_hh": (20,)},
    ),
    Case(
        ops.LSTM(5, "single", reverse=True),
        (real("N", 7, 3), real("N", 5), real("N", 5)),
        real("N", 7, 5),
        {"weight_ih": (20, 3), "weight_hh": (20, 5), "bias": (20,)},
    ),
    Case(ops.CellState(), (real("N", "T", 5),), real("N", 5)),
    Case(ops.HiddenState(), (real("N", "T", 5),), real("N", 5)),
    Case(
        ops.LSTM(5, "single", masked=True, recurrent_activation="hard_sigmoid"),
        (real("N", "T", 3), real("N", 5), real("N", 5), truths("N", "T")),
        real("N", "T", 5),
        {"weight_ih": (20, 3), "weight_hh": (20, 5), "bias": (20,)},
    ),
    Case(
        ops.GRU(4, "none", masked=True, activation="relu"),
        (real("N", 7, 3), truths("N", 7)),
        real("N", 7, 4),
        {"weight_ih": (12, 3), "weight_hh": (12, 4)},
    ),
    Case(
        ops.GRU(4),
        (real("N", 7, 3), real("N", 4)),
        real("N", 7, 4),
        {"weight_ih": (12, 3), "weight_hh": (12, 4), "bias_ih": (12,), "bias_hh": (12,)},
    ),
    Case(
        ops.GRU(4, "single", reset_after=False),
        (real("N", 7, 3),),
        real("N", 7, 4),
        {"weight_ih": (12, 3), "weight_hh": (12, 4), "bias": (12,)},
    ),
    Case(
        ops.RNN(4, "none", activation="relu"),
        (real(2, 7, 3),),
        real(2, 7, 4),
        {"weight_ih": (4, 3), "weight_hh": (4, 4)},
    ),
    Case(ops.Concat(1), (IMAGE, real("N", 3, 6, 6)), real("N", 11, 6, 6)),
    Case(ops.Concat(-1), (FEATURES,), FEATURES),
    Case(ops.Flatten(), (IMAGE,), real("N", 288)),
    Case(ops.Flatten(0, 1), (real("N", 1, 3),), real("N", 3)),
    Case(ops.Reshape(("N", 4, -1)), (IMAGE,), real("N", 4, 72)),
    Case(ops.Reshape((-1, 288)), (IMAGE,), real("N", 288)),
    Case(ops.Reshape(("N", -1, 10)), (FEATURES,), real("N", 1, 10)),
    Case(ops.Reshape(("T", 2, 5, "N")), (real("N", "T", 10),), real("T", 2, 5, "N")),
    Case(ops.Transpose((0, 2, 3, 1)), (real("N", 3, "H", 5),), real("N", "H", 5, 3)),
    Case(ops.Mean((2, 3)), (IMAGE,), real("N", 8)),
    Case(ops.Mean((-1,), keepdims=True), (FEATURES,), real("N", 1)),
    Case(ops.Sum((0,)), (whole("N", 3),), whole(3)),
    *(Case(op((1, -1)), (IMAGE,), real("N", 6)) for op in REDUCTIONS),
    *(Case(op((1,), keepdims=True), (FEATURES,), real("N", 1)) for op in REDUCTIONS),
    Case(ops.Max((0,)), (whole("N", 3),), whole(3)),
    *(Case(op((0,)), (truths("N", 3),), truths(3)) for op in (ops.All, ops.Any)),
    *(Case(op(1), (IMAGE,), whole("N", 6, 6)) for op in (ops.ArgMax, ops.ArgMin)),
    Case(ops.ArgMax(-1, keepdims=True), (FEATURES,), whole("N", 1)),
    same(ops.CumSum(1), FEATURES),
    same(ops.CumSum(-1), INDICES),
    *(Case(op, (FEATURES,), truths("N", 10)) for op in (ops.CompareScalar("<", 0.5),)),
    Case(ops.CompareScalar(">=", float("-inf")), (FEATURES,), truths("N", 10)),
    Case(ops.Compare("=="), (INDICES, whole(7)), truths("N", 7)),
    Case(ops.Compare("!="), (truths("N", 1), truths(7)), truths("N", 7)),
    *(Case(op, (truths("N", 1), truths(7)), truths("N", 7)) for op in LOGIC),
    same(ops.LogicalNot(), truths("N")),
    Case(ops.Where(), (truths(6, 6), real(8, 1, 1), IMAGE), IMAGE),
    Case(ops.Where(), (truths("N", 1, 1, 1), real(8, 6, 6), real()), IMAGE),
    Case(ops.Cast("float"), (INDICES,), real("N", 7)),
    Case(ops.Cast("int"), (truths("N"),), whole("N")),
    Case(ops.Cast("bool"), (FEATURES,), truths("N", 10)),
    same(ops.Clip(0, 3), INDICES),
    same(ops.PReLU(8), IMAGE, weight=(8,)),
    same(ops.PReLU(), real("N"), weight=(1,)),
    same(ops.Dropout(0.5, shared=(1, -1)), IMAGE),
    Case(ops.Parameter((1, 4)), (), real(1, 4), {"value": (1, 4)}),
    Case(ops.Parameter(()), (), real(), {"value": ()}),
    Case(ops.Buffer((2, 3), "bool"), (), truths(2, 3), {"value": (2, 3)}),
    Case(ops.Scalar(0.5), (), real()),
    Case(ops.Scalar(float("-inf")), (), real()),
    Case(ops.Scalar(3, "int"), (), whole()),
    Case(ops.Full(("N", 2), float("inf")), (), real("N", 2)),
    Case(ops.Full((), True, "bool"), (), truths()),
    Case(ops.Arange(2, 9, 3), (), whole(3)),
    Case(ops.Arange(5, 0, -2), (), whole(3)),
    Case(ops.Arange(1, "2*N+1"), (), whole("2*N")),
    Case(ops.Slice(1, 2, -1, 3), (FEATURES,), real("N", 3)),
    Case(ops.Slice(1, 1), (real("N", "T", 4),), real("N", "T-1", 4)),
    Case(ops.Select(-1, 0), (IMAGE,), real("N", 8, 6)),
    Case(ops.ExpandDims(-1), (FEATURES,), real("N", 10, 1)),
    Case(ops.Squeeze((1,)), (whole("N", 1),), whole("N")),
    Case(ops.BroadcastTo(("N", 3, 10)), (real("N", 1, 10),), real("N", 3, 10)),
    Case(ops.Tile((2, 3)), (FEATURES,), real("2*N", 30)),
    Case(ops.RepeatInterleave(2, 1), (FEATURES,), real("N", 20)),
    same(ops.Flip((1,)), FEATURES),
    same(ops.Roll((1, -2), (2, 3)), IMAGE),
    Case(ops.Pad(((0, 0), (0, 0), (1, 2), (-1, 0))), (IMAGE,), real("N", 8, 9, 5)),
    same(ops.Triangle(True), IMAGE),
    Case(ops.Take(1), (FEATURES, whole(2, 3)), real("N", 2, 3)),
    Case(ops.TakeAlongAxis(1), (FEATURES, INDICES), real("N", 7)),
    Case(ops.OneHot(5), (INDICES,), real("N", 7, 5)),
    Case(ops.Einsum("nchw,cd->nd"), (IMAGE, real(8, 3)), real("N", 3)),
    Case(
        ops.Attention(),
        (real("N", 2, "T", 4), real("N", 2, "S", 4), real("N", 2, "S", 6), truths("T", "S")),
        real("N", 2, "T", 6),
    ),
    # The generator of DCGAN (Radford et al., 2016) doubles the image in each layer.
    Case(
        ops.ConvTranspose(4, (4, 4), (2, 2), ((1, 1), (1, 1)), (0, 0), (1, 1)),
        (real("N", 8, 7, 7),),
        real("N", 4, 14, 14),
        {"weight": (8, 4, 4, 4), "bias": (4,)},
    ),
    Case(ops.Resize(None, (2.0, 1.5), "nearest"), (IMAGE,), real("N", 8, 12, 9)),
    Case(ops.Resize((5, 4), None, "bilinear"), (IMAGE,), real("N", 8, 5, 4)),
    Case(ops.AdaptiveAvgPool((4, 1)), (IMAGE,), real("N", 8, 4, 1)),
    Case(ops.AdaptiveMaxPool((2, 2)), (IMAGE,), real("N", 8, 2, 2)),
    same(ops.RMSNorm((10,)), FEATURES, weight=(10,)),
    same(ops.LayerNorm((10,), bias=False), FEATURES, weight=(10,)),
    Case(ops.Concat(1), (real("N", "T", 4), real("N", 1, 4)), real("N", "T+1", 4)),
    Case(ops.Reshape((-1, 4)), (real("N", "T", 8),), real("2*N*T", 4)),
    Case(ops.Flatten(0, 1), (real("N", "T", 4),), real("N*T", 4)),
    Case(
        ops.Conv(2, (3,), (1,), ((0, 0),), (1,)),
        (real("N", 4, "T"),),
        real("N", 2, "T-2"),
        {"weight": (2, 4, 3), "bias": (2,)},
    ),
    Case(
        ops.MaxPool((2,) * 3, (2,) * 3, ((0, 1),) * 3, (1,) * 3),
        (real("N", 1, 3, 5, 7),),
        real("N", 1, 2, 3, 4),
    ),
)
