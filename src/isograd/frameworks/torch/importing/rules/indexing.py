"""Choosing parts of a value: by constants, and by other values."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.frameworks.torch.importing.call import Call, Rule, axis_of
from isograd.frameworks.torch.importing.signs import never_negative
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.sizes import Dim, add

END = 2**62
"""Bounds from here on stand for the end of an axis."""


def bounds(size: Dim, start: Dim | None, stop: Dim | None) -> tuple[Dim, Dim]:
    """The ends of a slice, counted from the front and inside of the axis where that is known."""
    first = 0 if start is None else _from_front(size, start)
    if stop is None or (isinstance(stop, int) and stop >= END):
        return first, size
    return first, _from_front(size, stop)


def _from_front(size: Dim, place: Dim) -> Dim:
    if isinstance(place, str):
        return place
    place_from_front = add(size, place) if place < 0 else place
    if isinstance(size, int) and isinstance(place_from_front, int):
        return min(max(place_from_front, 0), size)
    return place_from_front


def slice_axis(
    call: Call, x: Value, axis: int, start: Dim | None, stop: Dim | None, step: int
) -> Value:
    axis = axis_of(axis, x)
    size = x.type.shape[axis]
    begin, end = bounds(size, start, stop)
    if begin == 0 and end == size and step == 1:
        return x
    return call(ops.Slice(axis, begin, None if end == size else end, step), x)


def narrow(call: Call, x: Value, axis: int, start: Dim, length: Dim) -> Value:
    if isinstance(start, Value):
        raise call.unsupported("a slice with a computed start")
    return slice_axis(call, x, axis, start, add(start, length), 1)


def select(call: Call, x: Value, axis: int, index: Dim) -> Value:
    """From a stack it is the value that was put there."""
    axis = axis_of(axis, x)
    if isinstance(index, str):
        return call(ops.Squeeze((axis,)), call(ops.Slice(axis, index, add(index, 1)), x))
    return unstacked(call, x, axis, index) or call(ops.Select(axis, index), x)


def unstacked(call: Call, x: Value, axis: int, index: int) -> Value | None:
    """What was put at a place of a stack, which one value with a new axis is too."""
    node = call.writer.made_by(x)
    if node is None or node.op not in (ops.Concat(axis), ops.ExpandDims(axis)):
        return None
    parts = [node]
    if isinstance(node.op, ops.Concat):
        parts = [part for name in node.inputs if (part := call.writer.made_by(name))]
        if [part.op for part in parts] != [ops.ExpandDims(axis)] * len(node.inputs):
            return None
    source = parts[index].inputs[0]
    return Value(call.writer.type_of(source), source, differentiable=x.differentiable)


def parts(call: Call, x: Value, axis: int) -> list[Value]:
    """Consecutive parts, as large as the results are."""
    axis = axis_of(axis, x)
    found, start = [], 0
    for kind in call.results:
        stop = add(start, kind.shape[axis])
        found.append(slice_axis(call, x, axis, start, stop, 1))
        start = stop  # type: ignore[assignment]
    return found


def unbind(call: Call, x: Value, axis: int) -> list[Value]:
    return [select(call, x, axis, i) for i in range(len(call.results))]


def index(call: Call, x: Value, indices: Sequence[Value | None]) -> Value:
    """``x[..., i, ...]`` with one or several neighbouring axes chosen by integers."""
    chosen = [axis for axis, given in enumerate(indices) if given is not None]
    values = [given for given in indices if given is not None]
    if any(value.type.dtype == "bool" for value in values):
        raise call.unsupported("choosing by truth values, where the result's size depends on them")
    if chosen != list(range(chosen[0], chosen[-1] + 1)):
        raise call.unsupported("indices on axes that are no neighbours")
    if len(chosen) == 1:
        return call(ops.Take(chosen[0]), x, _from_start(call, values[0], x.type.shape[chosen[0]]))
    return _whole(call, x, chosen[0], values) or _by_several(call, x, chosen[0], values)


def _whole(call: Call, x: Value, first: int, values: Sequence[Value]) -> Value | None:
    """``x[arange(n)[:, None], arange(m)]`` with axes of n and m elements is ``x`` itself."""
    sizes = x.type.shape[first : first + len(values)]
    rank = max(value.type.rank for value in values)
    places = []
    for value, size in zip(values, sizes, strict=True):
        along = [i for i, n in enumerate(value.type.shape) if n != 1]
        if not _counts(call, value, size) or (size != 1 and len(along) != 1):
            return None
        places += [rank - value.type.rank + i for i in along]
    if sorted(set(places)) != places:
        return None
    apart = iter(size for size in sizes if size != 1)
    spread = tuple(next(apart) if i in places else 1 for i in range(rank))
    shape = (*x.type.shape[:first], *spread, *x.type.shape[first + len(values) :])
    return call.broadcast(call.reshape(x, shape), call.shape)


def _counts(call: Call, value: Value, size: Dim) -> bool:
    """Whether ``value`` holds 0, 1, ... up to ``size``, with further axes of size 1 only."""
    node = call.writer.made_by(value)
    while node is not None and isinstance(node.op, ops.Reshape | ops.ExpandDims | ops.Squeeze):
        node = call.writer.made_by(node.inputs[0])
    return node is not None and node.op == ops.Arange(0, size)


def _by_several(call: Call, x: Value, first: int, values: Sequence[Value]) -> Value:
    """Neighbouring axes become one, and their indices one number."""
    sizes = x.type.shape[first : first + len(values)]
    counted = [_from_start(call, v, size) for v, size in zip(values, sizes, strict=True)]
    place = counted[0]
    for size, value in zip(sizes[1:], counted[1:], strict=True):
        place = call(ops.Add(), _times(call, place, size), value)
    flat = call(ops.Flatten(first, first + len(values) - 1), x)
    return call(ops.Take(first), flat, place)


def _times(call: Call, value: Value, size: Dim) -> Value:
    if isinstance(size, int):
        return value if size == 1 else call(ops.MultiplyScalar(size), value)
    return call(ops.Multiply(), value, call.size(size))


def _from_start(call: Call, value: Value, size: Dim) -> Value:
    """Indices below zero count from the end."""
    if never_negative(call.writer, value):
        return value
    length = ops.AddScalar(size) if isinstance(size, int) else ops.Add()
    counted = () if isinstance(size, int) else (call.size(size),)
    wrapped = call(length, value, *counted)
    return call(ops.Where(), call(ops.CompareScalar("<", 0), value), wrapped, value)


def index_select(call: Call, x: Value, axis: int, indices: Value) -> Value:
    return call(ops.Take(axis_of(axis, x)), x, indices)


def gather(call: Call, x: Value, axis: int, indices: Value, *_: object) -> Value:
    """Along one axis; along the others, the indices may cover a part of ``x`` only."""
    axis = axis_of(axis, x)
    for i, (have, want) in enumerate(zip(x.type.shape, indices.type.shape, strict=True)):
        if i != axis and have != want:
            x = call(ops.Slice(i, 0, want), x)
    return call(ops.TakeAlongAxis(axis), x, indices)


def take_along(call: Call, x: Value, indices: Value, axis: int | None) -> Value:
    if axis is None:
        raise call.unsupported("take_along_dim without an axis")
    return call(ops.TakeAlongAxis(axis_of(axis, x)), x, indices)


def one_hot(call: Call, x: Value, classes: int) -> Value:
    if classes < 0:
        raise call.unsupported("one_hot without the number of classes")
    return call.cast(call(ops.OneHot(classes), x), call.type.dtype)


def meshgrid(call: Call, values: Sequence[Value]) -> list[Value]:
    count = len(values)
    axes = list(range(count))
    if call.options.get("indexing") == "xy" and count > 1:
        axes[:2] = [1, 0]
    found = []
    for value, axis, kind in zip(values, axes, call.results, strict=True):
        apart = tuple(kind.shape[i] if i == axis else 1 for i in range(count))
        found.append(call.broadcast(call.reshape(value, apart), kind.shape))
    return found


def index_put(
    call: Call, x: Value, indices: Sequence[Value | None], value: Value, accumulate: bool
) -> Value:
    """``x[mask] = number``."""
    (mask, *others) = indices
    single = mask is not None and mask.type.dtype == "bool" and not others
    if not single or accumulate or value.type.shape not in ((), (1,)):
        raise call.unsupported("writing to computed places")
    assert mask is not None
    shape = (*mask.type.shape, *(1,) * (x.type.rank - mask.type.rank))
    written = call.reshape(call.cast(value, x.type.dtype), ())
    return call(ops.Where(), call.reshape(mask, shape), written, x)


def diff(
    call: Call,
    x: Value,
    times: int,
    axis: int,
    before: Value | None = None,
    after: Value | None = None,
) -> Value:
    """Each element less the one before it, ``times`` over."""
    axis = axis_of(axis, x)
    around = [call.cast(v, x.type.dtype) for v in (before, x, after) if v is not None]
    x = call(ops.Concat(axis), *around) if len(around) > 1 else x
    unlike = ops.LogicalXor() if x.type.dtype == "bool" else ops.Subtract()
    for _ in range(times):
        x = call(unlike, call(ops.Slice(axis, 1), x), call(ops.Slice(axis, 0, -1), x))
    return x


RULES: dict[str, Rule] = {
    "chunk": lambda call, x, chunks, axis: parts(call, x, axis),
    "diff": diff,
    "gather": gather,
    "index": index,
    "index_put": index_put,
    "index_select": index_select,
    "meshgrid": meshgrid,
    "narrow": narrow,
    "one_hot": one_hot,
    "select": select,
    "slice": slice_axis,
    "split": lambda call, x, sizes, axis: parts(call, x, axis),
    "split_with_sizes": lambda call, x, sizes, axis: parts(call, x, axis),
    "take_along_dim": take_along,
    "tensor_split": lambda call, x, sections, axis: parts(call, x, axis),
    "unbind": unbind,
}
