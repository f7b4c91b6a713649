"""Functions of ``keras.ops`` that pick parts of a value."""

from __future__ import annotations

from typing import Any

from isograd.frameworks.tensorflow.importing.trace import Rule, Trace, Value
from isograd.ir import ops


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


def get_item(trace: Trace, x: Any, key: Any) -> Value:
    """Numbers, slices, None and an ellipsis."""
    value = trace.value(x)
    value = trace.plain(value) if value.features else value
    keys = list(key) if isinstance(key, tuple) else [key]
    used = sum(one is not None and one is not Ellipsis for one in keys)
    if Ellipsis in keys:
        place = keys.index(Ellipsis)
        keys[place : place + 1] = [slice(None)] * (value.rank - used)
    axis = 0
    for one in keys:
        if one is None:
            value = _with_axis(trace, value, axis)
        elif isinstance(one, slice):
            if one != slice(None):
                cut = _slice(trace, value.axis(axis), one)
                value = trace.add(cut, value, order=value.order)
        elif isinstance(one, int):
            value = _without_axis(trace, value, axis, one)
            continue
        else:
            raise trace.unsupported("a subscript that is a tensor")
        axis += 1
    return value


def _with_axis(trace: Trace, value: Value, axis: int) -> Value:
    """A new one of Keras' axes, which is the graph's of the same number."""
    moved = [one + (one >= axis) for one in value.order]
    return trace.add(ops.ExpandDims(axis), value, order=(*moved[:axis], axis, *moved[axis:]))


def _without_axis(trace: Trace, value: Value, axis: int, index: int) -> Value:
    gone = value.axis(axis)
    left = tuple(one - (one > gone) for one in value.order if one != gone)
    return trace.add(ops.Select(gone, index), value, order=left)


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


RULES: dict[str, Rule] = {
    "GetItem": lambda trace, operation, output, x, key: get_item(trace, x, key),
    "Split": split,
    "Unstack": unstack,
    "Take": take,
    "TakeAlongAxis": take_along_axis,
    "OneHot": one_hot,
}
"""Name of Keras' operation class to its rule."""
