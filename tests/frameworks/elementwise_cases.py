"""Forms of the elementwise ops, reductions and sources."""

from __future__ import annotations

from collections.abc import Callable

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Op, TensorType

IMAGE = TensorType(("N", 4, 5, 3))
FEATURES = TensorType(("N", 10))
NUMBERS = TensorType(("N", 4, 5, 3), "int")
TRUTHS = TensorType(("N", 4, 5, 3), "bool")
CHANNELS = TensorType((4, 1, 1))

UNARY: tuple[Op, ...] = (
    ops.Sign(),
    ops.Floor(),
    ops.Ceil(),
    ops.Round(),
    ops.Expm1(),
    ops.Erf(),
    ops.Sin(),
    ops.Cos(),
    ops.Tan(),
    ops.Atan(),
    ops.Sinh(),
    ops.Cosh(),
    ops.Reciprocal(),
    ops.Clip(-0.3, 0.7),
    ops.Clip(minimum=0.1),
    ops.Clip(maximum=0.1),
    ops.Cast("float"),
    ops.Cast("int"),
    ops.Cast("bool"),
    *(ops.CompareScalar(relation, 0.1) for relation in ("==", "!=", "<", "<=", ">", ">=")),
    ops.CompareScalar("<", float("inf")),
    ops.HardTanh(),
    ops.HardTanh(0.0, 6.0),
    ops.HardTanh(-0.3, 0.7),
    ops.ELU(),
    ops.ELU(0.3),
    ops.SELU(),
    ops.CELU(),
    ops.CELU(0.3),
    ops.Softplus(),
    ops.Softplus(0.7, 0.9),
    ops.Softplus(threshold=None),
    ops.Softplus(3.0, None),
    ops.Softsign(),
    ops.Mish(),
    ops.LogSigmoid(),
    ops.PReLU(),
    ops.PReLU(4),
    ops.Dropout(0.5, (2, 3)),
    ops.Dropout(0.5, (1, 2, -1)),
    ops.Dropout(0.5, (0, 1)),
)
OF_POSITIVE: tuple[Op, ...] = (
    ops.Log(),
    ops.Sqrt(),
    ops.Rsqrt(),
    ops.Log1p(),
    ops.PowerScalar(0.5),
)
BINARY: tuple[Op, ...] = (
    ops.FloorDivide(),
    ops.Remainder(),
    ops.Atan2(),
    *(ops.Compare(relation) for relation in ("==", "!=", "<", "<=", ">", ">=")),
)
REDUCTIONS: tuple[Op, ...] = tuple(
    op
    for axes, keepdims in (((2, 3), False), ((1,), True), ((-1, 1), False), ((0,), True))
    for op in (
        ops.Max(axes, keepdims),
        ops.Min(axes, keepdims),
        ops.Prod(axes, keepdims),
        ops.LogSumExp(axes, keepdims),
        ops.Variance(axes, 0, keepdims),
        ops.Variance(axes, 1, keepdims),
    )
)
ALONG_AXIS: tuple[Op, ...] = tuple(
    op
    for axis in (1, -1)
    for op in (ops.ArgMax(axis), ops.ArgMin(axis, keepdims=True), ops.CumSum(axis))
)
LOGIC = (ops.LogicalAnd(), ops.LogicalOr(), ops.LogicalXor(), ops.Compare("=="))

CASES: tuple[tuple[Op | TensorType, ...], ...] = (
    *((op, IMAGE) for op in (*UNARY, *REDUCTIONS, *ALONG_AXIS)),
    *((op, IMAGE, other) for op in BINARY for other in (IMAGE, CHANNELS)),
    (ops.Dropout(0.5, (2,)), TensorType(("N", 4, 5))),
    (ops.Dropout(0.5, (1,)), FEATURES),
    (ops.PReLU(10), FEATURES),
    (ops.PReLU(), TensorType(("N",))),
    *((op, TRUTHS, TensorType((4, 1, 1), "bool")) for op in LOGIC),
    (ops.LogicalNot(), TRUTHS),
    (ops.Cast("float"), TRUTHS),
    (ops.Cast("int"), TRUTHS),
    (ops.Cast("float"), NUMBERS),
    (ops.Cast("bool"), NUMBERS),
    *((op((2, 1), keepdims), TRUTHS) for op in (ops.All, ops.Any) for keepdims in (False, True)),
    (ops.Where(), TRUTHS, IMAGE, IMAGE),
    (ops.Where(), TRUTHS, IMAGE, CHANNELS),
    (ops.Where(), TRUTHS, TensorType(()), IMAGE),
    (ops.Where(), TensorType((4, 5, 1), "bool"), CHANNELS, IMAGE),
    (ops.Where(), TRUTHS, NUMBERS, NUMBERS),
    *((op, NUMBERS) for op in (ops.Sign(), ops.Abs(), ops.Negative(), ops.Square())),
    *((op, NUMBERS) for op in (ops.AddScalar(3), ops.MultiplyScalar(-2), ops.Clip(0, 1))),
    *((op, NUMBERS) for op in (ops.CompareScalar("!=", 1), ops.ArgMax(2), ops.CumSum(2))),
    *((op((1, 2)), NUMBERS) for op in (ops.Sum, ops.Prod, ops.Max, ops.Min)),
    *((op, NUMBERS, NUMBERS) for op in (ops.Add(), ops.Maximum(), ops.Compare("<="))),
)


def parameters() -> Graph:
    b = Builder("parameters")
    x = b(ops.conv2d(4, 2), b.input("x", ("N", 2, 3, 4)), scope="conv")
    x = b(ops.Multiply(), x, b(ops.Parameter((4, 2, 1)), scope="scale"))
    scale = b(ops.Exp(), b(ops.Parameter(()), scope="temperature"))
    shift = b(ops.Buffer((3,)), scope="shift")
    x = b(ops.Add(), b(ops.Multiply(), x, scale), shift)
    mask = b(ops.Buffer((2, 3), "bool"), scope="mask")
    number = b(ops.Cast("float"), b(ops.Buffer((), "int"), scope="number"))
    return b.finish(b(ops.Where(), mask, x, number))


def constants() -> Graph:
    b = Builder("constants")
    x = b.input("x", ("N", 4))
    third = b(ops.Divide(), x, b(ops.Scalar(3.3)))
    y = b(ops.Subtract(), b(ops.Scalar(-0.1)), third)
    below = b(ops.Compare("<"), x, b(ops.Scalar(0.1)))
    x = b(ops.Softmax(), b(ops.Where(), below, y, b(ops.Scalar(float("-inf")))))
    x = b(ops.Add(), x, b(ops.Where(), below, b(ops.Scalar(0.1)), b(ops.Scalar(0.7))))
    return b.finish(b(ops.Atan2(), x, b(ops.Add(), b(ops.Scalar(0.3)), b(ops.Scalar(0.4)))))


def constants_of_features() -> Graph:
    b = Builder("constants of features")
    x = b(ops.conv2d(4, 2), b.input("x", ("N", 2, 3, 4)), scope="conv")
    x = b(ops.Divide(), b(ops.Flatten(), x), b(ops.Scalar(0.7)))
    x = b(ops.Where(), b(ops.CompareScalar(">", 0.1), x), x, b(ops.Scalar(0.2)))
    return b.finish(b(ops.Linear(3), b(ops.PReLU(24), x, scope="prelu"), scope="fc"))


def filled() -> Graph:
    b = Builder("filled")
    x = b(ops.Linear(4), b.input("x", ("N", 4)), scope="fc")
    rows = b(ops.Cast("float"), b(ops.Arange(0, "N")))
    rest = b(ops.Cast("float"), b(ops.Arange(1, "N+1")))
    steps = b(ops.Cast("float"), b(ops.Arange(7, -1, -2)))
    x = b(ops.Multiply(), x, b(ops.Full(("N", 4), 0.3)))
    x = b(ops.Where(), b(ops.Full((4,), True, "bool")), x, b(ops.Scalar(0.1)))
    x = b(ops.Add(), x, b(ops.Cast("float"), b(ops.Full(("N", 1), 2, "int"))))
    x = b(ops.Add(), x, b(ops.Divide(), steps, b(ops.Scalar(7.0))))
    return b.finish(x, b(ops.Sin(), b(ops.Multiply(), rows, rest)))


def powers() -> Graph:
    b = Builder("powers")
    base = b(ops.AddScalar(0.1), b(ops.Square(), b.input("x", ("N", 5))))
    return b.finish(b(ops.Power(), base, b.input("y", ("N", 5))))


def inverse_functions() -> Graph:
    b = Builder("inverse functions")
    x = b(ops.Tanh(), b.input("x", ("N", 5)))
    return b.finish(b(ops.Asin(), x), b(ops.Acos(), x))


NETWORKS: tuple[Callable[[], Graph], ...] = (
    parameters,
    constants,
    constants_of_features,
    filled,
    powers,
    inverse_functions,
)
