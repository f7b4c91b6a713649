"""Functions of ``keras.ops`` as ops: reductions, shapes, products, windows; the table of all."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from isograd.frameworks.tensorflow.importing import elementwise, indexing, layers, spatial
from isograd.frameworks.tensorflow.importing.activations import along
from isograd.frameworks.tensorflow.importing.arithmetic import joined
from isograd.frameworks.tensorflow.importing.padding import padded
from isograd.frameworks.tensorflow.importing.trace import Rule, Trace, Value
from isograd.ir import ops
from isograd.ir.ops import Op
from isograd.ir.ops.base import Dim
from isograd.ir.placement import channels_last


def reduction(op: Callable[..., Op]) -> Rule:
    def rule(trace: Trace, operation: Any, output: Any, x: Any, **_: Any) -> Value:
        return reduced(trace, op, trace.value(x), operation.axis, operation.keepdims)

    return rule


def reduced(trace: Trace, op: Callable[..., Op], x: Value, axis: Any, keepdims: bool) -> Value:
    """A reduction over Keras' axes; that of an image over all of its places is a global pooling."""
    if x.features:
        x = trace.plain(x)
    given = range(x.rank) if axis is None else [axis] if isinstance(axis, int) else axis
    gone = tuple(sorted(x.axis(one) for one in given))
    if x.type.dtype == "int" and op is ops.Mean:
        x = trace.like(ops.Cast("float"), x)
    if op in GLOBAL and x.order == channels_last(x.rank) and gone == tuple(range(2, x.rank)):
        made = trace.add(GLOBAL[op](keepdims), x)
        return Value(made.name, made.type, x.order if keepdims else (0, 1))
    made = trace.add(op(gone, keepdims), x)
    if keepdims:
        return Value(made.name, made.type, x.order)
    left = [one for one in x.order if one not in gone]
    return Value(made.name, made.type, tuple(sorted(left).index(one) for one in left))


GLOBAL: dict[Callable[..., Op], Callable[[bool], Op]] = {
    ops.Mean: ops.GlobalAvgPool,
    ops.Max: ops.GlobalMaxPool,
}
"""Reduction to what it is over all places of an image."""


def variance(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    return reduced(trace, _biased, trace.value(x), operation.axis, operation.keepdims)


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
    value = trace.value(x)
    if _flattens(value, operation.newshape):
        return layers.flatten(trace, operation, value)
    value = trace.plain(value)
    return trace.add(ops.Reshape(shape_of(trace, operation.newshape, value, output)), value)


def _flattens(value: Value, wanted: Any) -> bool:
    """Whether all axes but that of the batch become one."""
    inner = [size for size in value.type.shape[1:] if isinstance(size, int)]
    whole = value.rank > 2 and len(inner) == value.rank - 1
    return whole and len(wanted) == 2 and wanted[0] in (-1, None) and wanted[1] == prod(inner)


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


def matmul(trace: Trace, operation: Any, output: Any, a: Any, b: Any) -> Value:
    """A product with a transposed parameter is a layer of that weight."""
    left, right = (trace.plain(trace.value(one)) for one in (a, b))
    if min(left.rank, right.rank) < 2:
        raise trace.unsupported("a product with a vector")
    weight = _weight(trace, right)
    if weight is not None:
        op = ops.Linear(int(b.shape[-1]), False)
        return trace.add(op, left, roles={"weight": weight})
    return trace.add(ops.MatMul(), left, right)


def _weight(trace: Trace, value: Value) -> str | None:
    """The parameter of which ``value`` is the transpose."""
    turned = trace.made_by(value)
    if turned is None or turned.op != ops.Transpose((1, 0)):
        return None
    held = trace.made_by(turned.inputs[0])
    return held.parameters["value"] if held and isinstance(held.op, ops.Parameter) else None


def einsum(trace: Trace, operation: Any, output: Any, *values: Any) -> Value:
    plain = [trace.plain(trace.value(one)) for one in values]
    equation = operation.subscripts.replace(" ", "")
    if "..." in equation or "->" not in equation:
        raise trace.unsupported(f"einsum {equation!r}")
    return trace.add(ops.Einsum(equation), *plain)


def pad(trace: Trace, operation: Any, output: Any, x: Any, constant_values: Any = None) -> Value:
    if operation.mode not in ("constant", "reflect"):
        raise trace.unsupported(f"pad by {operation.mode!r}")
    fill = None if constant_values == -float("inf") else float(constant_values or 0)
    return padded(trace, trace.value(x), operation.pad_width, operation.mode, fill)


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


def pooled(rule: Callable[[Trace, Any, Value], Value]) -> Rule:
    """A pooling, whose attributes are those of the layer."""
    return lambda trace, operation, output, x: rule(trace, operation, trace.value(x))


def flip(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
    """A value that was turned around already is itself again."""
    value = trace.plain(trace.value(x))
    op = ops.Flip(_tuple(operation.axis))
    node = trace.made_by(value)
    if node is not None and node.op == op:
        inner = node.inputs[0]
        return Value(inner, trace.type_of(inner), value.order)
    return trace.add(op, value)


def plainly(make: Callable[[Any], Op]) -> Rule:
    """An op of one value in Keras' own order."""

    def rule(trace: Trace, operation: Any, output: Any, x: Any) -> Value:
        return trace.add(make(operation), trace.plain(trace.value(x)))

    return rule


def _tuple(value: Any) -> tuple[int, ...]:
    return (int(value),) if isinstance(value, int) else tuple(map(int, value))


RULES: dict[str, Rule] = {
    **elementwise.RULES,
    **indexing.RULES,
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
    "Matmul": matmul,
    "Einsum": einsum,
    "Pad": pad,
    "Repeat": repeat,
    "Tile": plainly(lambda o: ops.Tile(_tuple(o.repeats))),
    "Flip": flip,
    "Conv": lambda trace, operation, output, x, kernels: spatial.convolve(
        trace, operation, trace.value(x), trace.value(kernels)
    ),
    "MaxPool": pooled(spatial.max_pool),
    "AveragePool": pooled(spatial.average_pool),
    "Roll": plainly(lambda o: ops.Roll(_tuple(o.shift), _tuple(o.axis))),
    "Tril": plainly(lambda o: ops.Triangle(False, o.k)),
    "Triu": plainly(lambda o: ops.Triangle(True, o.k)),
    "BroadcastTo": broadcast_to,
}
"""Name of Keras' operation class to its rule."""
