"""Functions of ``keras.ops`` that treat every element alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isograd.frameworks.tensorflow.importing.arithmetic import binary, spread
from isograd.frameworks.tensorflow.importing.trace import Rule, Trace, Value, kind_of
from isograd.ir import ops
from isograd.ir.ops import Op
from isograd.ir.placement import logical_order


def unary(make: Callable[[Any], Op]) -> Rule:
    """An op that treats every element alike; ``make`` gets Keras' operation."""

    def rule(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
        return trace.like(make(operation), trace.value(x))

    return rule


def of_two(op: Op) -> Rule:
    """An op of two operands that broadcast."""

    def rule(trace: Trace, operation: Any, output: Any, a: Any, b: Any) -> Value:
        by_number = _by_number(trace, op, a, b)
        if by_number is not None:
            return by_number
        left, right = operands(trace, a, b)
        return binary(trace, op, left, right)

    return rule


def _by_number(trace: Trace, op: Op, a: Any, b: Any) -> Value | None:
    """Sums with and products by a number, of floating-point values."""
    if not trace.knows(a):
        if trace.knows(b) and isinstance(op, ops.Add | ops.Multiply):
            return _by_number(trace, op, b, a)
        return None
    value = trace.value(a)
    if isinstance(b, bool) or not isinstance(b, int | float) or value.type.dtype != "float":
        return None
    make = _BY_NUMBER.get(type(op))
    return trace.like(make(float(b)), value) if make else None


def compare(relation: Any) -> Rule:
    def rule(trace: Trace, operation: Any, output: Any, a: Any, b: Any) -> Value:
        if trace.knows(a) and isinstance(b, int | float):
            return trace.like(ops.CompareScalar(relation, b), trace.value(a))
        left, right = operands(trace, a, b)
        return binary(trace, ops.Compare(relation), left, right)

    return rule


def operands(trace: Trace, a: Any, b: Any) -> tuple[Value, Value]:
    """Two values of one kind: a number is of the other's, whole numbers become floating point
    beside those."""
    known = a if trace.knows(a) else b
    like = trace.value(known)
    left, right = (trace.value(one, like) for one in (a, b))
    kinds = {left.type.dtype, right.type.dtype}
    if len(kinds) > 1:
        kind = "float" if "float" in kinds else "int"
        left, right = (
            one if one.type.dtype == kind else trace.like(ops.Cast(kind), one)  # type: ignore[arg-type]
            for one in (left, right)
        )
    return left, right


def power(trace: Trace, operation: Any, output: Any, x: Any, exponent: Any) -> Value:
    if isinstance(exponent, int | float) and trace.knows(x):
        value = trace.value(x)
        return trace.like(ops.Square() if exponent == 2 else ops.PowerScalar(exponent), value)
    left, right = operands(trace, x, exponent)
    return binary(trace, ops.Power(), left, right)


def where(trace: Trace, operation: Any, output: Any, condition: Any, a: Any, b: Any) -> Value:
    left, right = operands(trace, a, b)
    chosen = trace.value(condition)
    if chosen.type.dtype != "bool":
        chosen = trace.like(ops.Cast("bool"), chosen)
    values = [trace.plain(one) if one.features else one for one in (chosen, left, right)]
    rank = max(one.rank for one in values)
    moved = [one.order for one in values if one.rank == rank]
    order = next((one for one in moved if one != logical_order(rank)), moved[0])
    values = [one if one.rank == 0 else spread(trace, one, order) for one in values]
    return trace.add(ops.Where(), *values, order=order)


def cast(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value, kind = trace.value(x), kind_of(operation.dtype)
    return value if value.type.dtype == kind else trace.like(ops.Cast(kind), value)


def convert_to_tensor(
    trace: Trace, operation: Any, output: Any, x: Any, *_: Any, **__: Any
) -> Value:
    """A conversion to the kind that Keras infers."""
    value, kind = trace.value(x), kind_of(str(output.dtype))
    return value if value.type.dtype == kind else trace.like(ops.Cast(kind), value)


def filled(number: float) -> Rule:
    def rule(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
        value, kind = trace.value(x), kind_of(str(output.dtype))
        plain = bool(number) if kind == "bool" else number
        zeros = trace.add(ops.Full(value.type.shape, plain, kind))
        return Value(zeros.name, zeros.type, value.order, value.features)

    return rule


_UNARY: dict[str, Op] = {
    "Relu": ops.ReLU(),
    "Relu6": ops.HardTanh(0.0, 6.0),
    "Sigmoid": ops.Sigmoid(),
    "Tanh": ops.Tanh(),
    "Silu": ops.SiLU(),
    "LogSigmoid": ops.LogSigmoid(),
    "Softplus": ops.Softplus(threshold=None),
    "Softsign": ops.Softsign(),
    "HardSigmoid": ops.HardSigmoid(),
    "HardSilu": ops.HardSwish(),
    "Selu": ops.SELU(),
    "Exp": ops.Exp(),
    "Expm1": ops.Expm1(),
    "Log": ops.Log(),
    "Log1p": ops.Log1p(),
    "Sqrt": ops.Sqrt(),
    "Rsqrt": ops.Rsqrt(),
    "Square": ops.Square(),
    "Absolute": ops.Abs(),
    "Abs": ops.Abs(),
    "Negative": ops.Negative(),
    "Reciprocal": ops.Reciprocal(),
    "Sin": ops.Sin(),
    "Cos": ops.Cos(),
    "Tan": ops.Tan(),
    "Arcsin": ops.Asin(),
    "Arccos": ops.Acos(),
    "Arctan": ops.Atan(),
    "Sinh": ops.Sinh(),
    "Cosh": ops.Cosh(),
    "Erf": ops.Erf(),
    "Sign": ops.Sign(),
    "Floor": ops.Floor(),
    "Ceil": ops.Ceil(),
    "Round": ops.Round(),
    "LogicalNot": ops.LogicalNot(),
}


_BINARY: dict[str, Op] = {
    "Add": ops.Add(),
    "Subtract": ops.Subtract(),
    "Multiply": ops.Multiply(),
    "Divide": ops.Divide(),
    "TrueDivide": ops.Divide(),
    "FloorDivide": ops.FloorDivide(),
    "Mod": ops.Remainder(),
    "Maximum": ops.Maximum(),
    "Minimum": ops.Minimum(),
    "Arctan2": ops.Atan2(),
    "LogicalAnd": ops.LogicalAnd(),
    "LogicalOr": ops.LogicalOr(),
    "LogicalXor": ops.LogicalXor(),
}


_BY_NUMBER: dict[type[Op], Callable[[float], Op]] = {
    ops.Add: ops.AddScalar,
    ops.Subtract: lambda number: ops.AddScalar(-number),
    ops.Multiply: ops.MultiplyScalar,
    ops.Maximum: lambda bound: ops.Clip(bound, None),
    ops.Minimum: lambda bound: ops.Clip(None, bound),
}
"""Op of two values to its form with a number in the second's place."""

_RELATIONS = {
    "Equal": "==",
    "NotEqual": "!=",
    "Less": "<",
    "LessEqual": "<=",
    "Greater": ">",
    "GreaterEqual": ">=",
}


RULES: dict[str, Rule] = {
    **{name: unary(lambda _, op=op: op) for name, op in _UNARY.items()},  # type: ignore[misc]
    **{name: of_two(op) for name, op in _BINARY.items()},
    **{name: compare(relation) for name, relation in _RELATIONS.items()},
    "LeakyRelu": unary(lambda o: ops.LeakyReLU(float(o.negative_slope))),
    "Gelu": unary(lambda o: ops.GELU("tanh" if o.approximate else "none")),
    "Elu": unary(lambda o: ops.ELU(float(o.alpha))),
    "Celu": unary(lambda o: ops.CELU(float(o.alpha))),
    "Clip": unary(lambda o: ops.Clip(o.x_min, o.x_max)),
    "Power": power,
    "Where": where,
    "Cast": cast,
    "ConvertToTensor": convert_to_tensor,
    "OnesLike": filled(1),
    "ZerosLike": filled(0),
}
"""Name of Keras' operation class to its rule."""
