"""Functions of ``keras.ops`` as ops, by the name of Keras' operation class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isograd.frameworks.tensorflow.importing.activations import along
from isograd.frameworks.tensorflow.importing.arithmetic import binary, joined, spread
from isograd.frameworks.tensorflow.importing.trace import Trace, Value, kind_of
from isograd.ir import ops
from isograd.ir.ops import Op
from isograd.ir.ops.base import Dim
from isograd.ir.placement import logical_order

Result = Value | list[Value]
Rule = Callable[..., Result]
"""Takes the trace, Keras' operation, its outputs as Keras infers them, and its arguments."""


def unary(make: Callable[[Any], Op]) -> Rule:
    """An op that treats every element alike; ``make`` gets Keras' operation."""

    def rule(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
        return trace.like(make(operation), trace.value(x))

    return rule


def of_two(op: Op) -> Rule:
    """An op of two operands that broadcast."""

    def rule(trace: Trace, operation: Any, output: Any, a: Any, b: Any) -> Value:
        left, right = operands(trace, a, b)
        return binary(trace, op, left, right)

    return rule


def compare(relation: Any) -> Rule:
    def rule(trace: Trace, operation: Any, output: Any, a: Any, b: Any) -> Value:
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


def reduction(op: Callable[..., Op]) -> Rule:
    def rule(trace: Trace, operation: Any, output: Any, x: Any, **_: Any) -> Value:
        return reduced(trace, op, operation, trace.value(x))

    return rule


def reduced(trace: Trace, op: Callable[..., Op], operation: Any, x: Value) -> Value:
    """A reduction over Keras' axes."""
    if x.features:
        x = trace.plain(x)
    axis = operation.axis
    given = range(x.rank) if axis is None else [axis] if isinstance(axis, int) else axis
    gone = tuple(sorted(x.axis(one) for one in given))
    if x.type.dtype == "int" and op is ops.Mean:
        x = trace.like(ops.Cast("float"), x)
    made = trace.add(op(gone, operation.keepdims), x)
    if operation.keepdims:
        return Value(made.name, made.type, x.order)
    left = [one for one in x.order if one not in gone]
    return Value(made.name, made.type, tuple(sorted(left).index(one) for one in left))


def variance(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    return reduced(trace, _biased, operation, trace.value(x))


def _biased(axes: tuple[int, ...], keepdims: bool) -> Op:
    return ops.Variance(axes, 0, keepdims)


def deviation(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    return trace.like(ops.Sqrt(), variance(trace, operation, output, x))


def argmax(op: Callable[[int, bool], Op]) -> Rule:
    def rule(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
        return trace.add(op(operation.axis, operation.keepdims), trace.plain(trace.value(x)))

    return rule


def softmax(op: Callable[[int], Op]) -> Rule:
    def rule(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
        return along(trace, op, trace.value(x), operation.axis)

    return rule


def reshape(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.plain(trace.value(x))
    return trace.add(ops.Reshape(shape_of(trace, operation.newshape, value, output)), value)


def shape_of(trace: Trace, wanted: Any, value: Value, output: Any) -> tuple[Dim, ...]:
    """A target shape; sizes that Keras does not know are the batch's or what is left."""
    shape: list[Dim] = []
    for size in wanted:
        if isinstance(size, int):
            shape.append(size)
        elif size is None and -1 not in shape:
            shape.append(-1)
        else:
            raise trace.unsupported("a shape with several sizes that are not known")
    return tuple(shape)


def transpose(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.value(x)
    axes = operation.axes or tuple(reversed(range(value.rank)))
    return seen_as(trace, value, tuple(axes))


def swapaxes(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.value(x)
    axes = list(range(value.rank))
    a, b = operation.axis1 % value.rank, operation.axis2 % value.rank
    axes[a], axes[b] = axes[b], axes[a]
    return seen_as(trace, value, tuple(axes))


def moveaxis(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.value(x)
    source = [axis % value.rank for axis in operation.source]
    target = [axis % value.rank for axis in operation.destination]
    axes = [axis for axis in range(value.rank) if axis not in source]
    for place, axis in sorted(zip(target, source, strict=True)):
        axes.insert(place, axis)
    return seen_as(trace, value, tuple(axes))


def seen_as(trace: Trace, value: Value, axes: tuple[int, ...]) -> Value:
    """A transposition, which is written: the user did."""
    value = trace.plain(value)
    return trace.add(ops.Transpose(tuple(axis % value.rank for axis in axes)), value)


def expand_dims(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.plain(trace.value(x))
    axes = [operation.axis] if isinstance(operation.axis, int) else sorted(operation.axis)
    for axis in axes:
        value = trace.add(ops.ExpandDims(axis), value)
    return value


def squeeze(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.plain(trace.value(x))
    axis = operation.axis
    ones = [i for i, size in enumerate(value.type.shape) if size == 1]
    axes = ones if axis is None else [axis] if isinstance(axis, int) else list(axis)
    return trace.add(ops.Squeeze(tuple(axes)), value)


def concatenate(trace: Trace, operation: Any, output: Any, values: Any) -> Value:
    return joined(trace, [trace.value(one) for one in values], operation.axis)


def stack(trace: Trace, operation: Any, output: Any, values: Any) -> Value:
    plain = [trace.plain(trace.value(one)) for one in values]
    axis = operation.axis % (plain[0].rank + 1)
    return trace.add(ops.Concat(axis), *(trace.add(ops.ExpandDims(axis), one) for one in plain))


def split(trace: Trace, operation: Any, output: Any, x: Any) -> list[Value]:
    value = trace.value(x)
    value = trace.plain(value) if value.features else value
    axis = value.axis(operation.axis)
    begin, made = 0, []
    for part in output:
        size = part.shape[operation.axis]
        piece = trace.add(ops.Slice(axis, begin, begin + size), value, order=value.order)
        made.append(piece)
        begin += size
    return made


def unstack(trace: Trace, operation: Any, output: Any, x: Any) -> list[Value]:
    value = trace.plain(trace.value(x))
    return [trace.add(ops.Select(operation.axis, i), value) for i in range(len(output))]


def get_item(trace: Trace, operation: Any, output: Any, x: Any, key: Any) -> Value:
    """Numbers, slices, None and an ellipsis."""
    value = trace.plain(trace.value(x))
    keys = list(key) if isinstance(key, tuple) else [key]
    used = sum(one is not None and one is not Ellipsis for one in keys)
    if Ellipsis in keys:
        place = keys.index(Ellipsis)
        keys[place : place + 1] = [slice(None)] * (value.rank - used)
    axis = 0
    for one in keys:
        if one is None:
            value = trace.add(ops.ExpandDims(axis), value)
        elif isinstance(one, slice):
            if one != slice(None):
                value = trace.add(_slice(trace, axis, one), value)
        elif isinstance(one, int):
            value = trace.add(ops.Select(axis, one), value)
            continue
        else:
            raise trace.unsupported("a subscript that is a tensor")
        axis += 1
    return value


def _slice(trace: Trace, axis: int, key: slice) -> ops.Slice:
    parts = (key.start or 0, key.stop, key.step or 1)
    if not all(part is None or isinstance(part, int) for part in parts) or parts[2] < 1:
        raise trace.unsupported("a slice whose ends are not known")
    return ops.Slice(axis, *parts)


def take(trace: Trace, operation: Any, output: Any, x: Any, indices: Any) -> Value:
    value, index = trace.plain(trace.value(x)), _whole(trace, indices)
    if operation.axis is None:
        raise trace.unsupported("take without an axis")
    return trace.add(ops.Take(operation.axis), value, index)


def take_along_axis(trace: Trace, operation: Any, output: Any, x: Any, indices: Any) -> Value:
    value, index = trace.plain(trace.value(x)), _whole(trace, indices)
    return trace.add(ops.TakeAlongAxis(operation.axis), value, index)


def _whole(trace: Trace, thing: Any) -> Value:
    value = trace.plain(trace.value(thing))
    return value if value.type.dtype == "int" else trace.like(ops.Cast("int"), value)


def one_hot(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    if operation.axis not in (-1, len(output.shape) - 1):
        raise trace.unsupported("one_hot along another axis than the last")
    return trace.add(ops.OneHot(operation.num_classes), _whole(trace, x))


def matmul(trace: Trace, operation: Any, output: Any, a: Any, b: Any) -> Value:
    left, right = (trace.plain(trace.value(one)) for one in (a, b))
    if min(left.rank, right.rank) < 2:
        raise trace.unsupported("a product with a vector")
    return trace.add(ops.MatMul(), left, right)


def einsum(trace: Trace, operation: Any, output: Any, *values: Any) -> Value:
    plain = [trace.plain(trace.value(one)) for one in values]
    equation = operation.subscripts.replace(" ", "")
    if "..." in equation or "->" not in equation:
        raise trace.unsupported(f"einsum {equation!r}")
    return trace.add(ops.Einsum(equation), *plain)


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


def pad(trace: Trace, operation: Any, output: Any, x: Any, constant_values: Any = None) -> Value:
    if operation.mode not in ("constant", "reflect"):
        raise trace.unsupported(f"pad by {operation.mode!r}")
    value = trace.plain(trace.value(x))
    pairs = tuple((int(b), int(a)) for b, a in operation.pad_width)
    return trace.add(ops.Pad(pairs, operation.mode, float(constant_values or 0)), value)


def repeat(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.value(x)
    if operation.axis is None or not isinstance(operation.repeats, int):
        raise trace.unsupported("repeat without an axis, or by several numbers")
    value = trace.plain(value) if value.features else value
    op = ops.RepeatInterleave(operation.repeats, value.axis(operation.axis))
    return trace.add(op, value, order=value.order)


def broadcast_to(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    value = trace.plain(trace.value(x))
    batch = next(iter(trace.inputs.values())).type.shape[0]
    shape = tuple(batch if size is None else size for size in operation.shape)
    return trace.add(ops.BroadcastTo(shape), value)


def plainly(make: Callable[[Any], Op]) -> Rule:
    """An op of one value in Keras' own order."""

    def rule(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
        return trace.add(make(operation), trace.plain(trace.value(x)))

    return rule


def _tuple(value: Any) -> tuple[int, ...]:
    return (int(value),) if isinstance(value, int) else tuple(map(int, value))


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
    "Mean": reduction(ops.Mean),
    "Sum": reduction(ops.Sum),
    "Max": reduction(ops.Max),
    "Min": reduction(ops.Min),
    "Prod": reduction(ops.Prod),
    "Logsumexp": reduction(ops.LogSumExp),
    "All": reduction(ops.All),
    "Any": reduction(ops.Any),
    "Var": variance,
    "Std": deviation,
    "Argmax": argmax(ops.ArgMax),
    "Argmin": argmax(ops.ArgMin),
    "Softmax": softmax(ops.Softmax),
    "LogSoftmax": softmax(ops.LogSoftmax),
    "Cumsum": plainly(lambda o: ops.CumSum(o.axis)),
    "Reshape": reshape,
    "Transpose": transpose,
    "Swapaxes": swapaxes,
    "Moveaxis": moveaxis,
    "ExpandDims": expand_dims,
    "Squeeze": squeeze,
    "Concatenate": concatenate,
    "Stack": stack,
    "Split": split,
    "Unstack": unstack,
    "GetItem": get_item,
    "Take": take,
    "TakeAlongAxis": take_along_axis,
    "OneHot": one_hot,
    "Matmul": matmul,
    "Einsum": einsum,
    "Where": where,
    "Cast": cast,
    "ConvertToTensor": convert_to_tensor,
    "Pad": pad,
    "Repeat": repeat,
    "Tile": plainly(lambda o: ops.Tile(_tuple(o.repeats))),
    "Flip": plainly(lambda o: ops.Flip(_tuple(o.axis))),
    "Roll": plainly(lambda o: ops.Roll(_tuple(o.shift), _tuple(o.axis))),
    "Tril": plainly(lambda o: ops.Triangle(False, o.k)),
    "Triu": plainly(lambda o: ops.Triangle(True, o.k)),
    "BroadcastTo": broadcast_to,
}
"""Name of Keras' operation class to its rule."""
