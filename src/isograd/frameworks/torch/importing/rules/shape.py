"""Ops that move elements and change none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule, axes_of, axis_of
from isograd.frameworks.torch.importing.rules.indexing import unstacked
from isograd.frameworks.torch.importing.rules.randomness import cast_draw
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import static
from isograd.ir.sizes import Dim


def identity(call: Call, x: Value, *_: object) -> Value:
    return x


def detach(call: Call, x: Value) -> Value:
    """Nothing, where no gradient flows anyway."""
    if x.differentiable:
        raise call.unsupported("stopping the gradient (detach)")
    return x


def cast(call: Call, x: Value, *_: object) -> Value:
    return cast_draw(call, x) if x.draw else call.cast(x, call.type.dtype)


def reshape(call: Call, x: Value, *_: object) -> Value:
    """To the shape that PyTorch makes of it."""
    if x.draw:
        return cast_draw(call, x)
    shape = call.shape
    if len(shape) == 2 and x.type.rank > 2 and shape[0] == x.type.shape[0] != 1:
        return call(ops.Flatten(1, -1), x)
    return call.reshape(x, shape)


def flatten(call: Call, x: Value, start: int, end: int) -> Value:
    if call.shape == x.type.shape or x.type.rank < 2:
        return call.reshape(x, call.shape)
    start, end = axis_of(start, x), axis_of(end, x)
    return call(ops.Flatten(start, -1 if end == x.type.rank - 1 else end), x)


def permute(call: Call, x: Value, axes: Sequence[int]) -> Value:
    return call.transpose(x, axes_of(axes, x))


def swap(call: Call, x: Value, first: int, second: int) -> Value:
    axes = list(range(x.type.rank))
    i, j = axis_of(first, x), axis_of(second, x)
    axes[i], axes[j] = j, i
    return call.transpose(x, axes)


def swap_last(call: Call, x: Value) -> Value:
    return swap(call, x, -2, -1) if x.type.rank > 1 else x


def reverse_axes(call: Call, x: Value) -> Value:
    return call.transpose(x, range(x.type.rank)[::-1])


def move(call: Call, x: Value, source: Any, target: Any) -> Value:
    sources, targets = axes_of(source, x), axes_of(target, x)
    rest = [axis for axis in range(x.type.rank) if axis not in sources]
    order = dict(zip(targets, sources, strict=True))
    left = iter(rest)
    return call.transpose(x, [order[i] if i in order else next(left) for i in range(x.type.rank)])


def unsqueeze(call: Call, x: Value, axis: int) -> Value:
    if x.draw:
        return cast_draw(call, x)
    return call(ops.ExpandDims(axis % (x.type.rank + 1)), x)


def squeeze(call: Call, x: Value, axes: Any = None) -> Value:
    """Axes of size 1 go; with none given, those that are 1 whatever the inputs' sizes."""
    ones = tuple(i for i in axes_of(axes, x) if x.type.shape[i] == 1)
    whole = unstacked(call, x, ones[0], 0) if len(ones) == 1 else None
    return whole or (call(ops.Squeeze(ones), x) if ones else x)


def expand(call: Call, x: Value, *_: object) -> Value:
    return call.broadcast(x, call.shape)


def repeat(call: Call, x: Value, times: Sequence[Dim]) -> Value:
    missing = len(times) - x.type.rank
    if missing > 0:
        x = call.reshape(x, (1,) * missing + x.type.shape)
    counts = (1,) * max(-missing, 0) + tuple(times)
    if all(isinstance(n, int) for n in counts):
        return call(ops.Tile(counts), x) if set(counts) != {1} else x  # type: ignore[arg-type]
    apart = [n for pair in zip((1,) * len(counts), x.type.shape, strict=True) for n in pair]
    spread = [n for pair in zip(counts, x.type.shape, strict=True) for n in pair]
    if all(n == 1 or size == 1 for n, size in zip(counts, x.type.shape, strict=True)):
        return call.broadcast(x, call.shape)
    whole = call.broadcast(call.reshape(x, tuple(apart)), tuple(spread))
    return call.reshape(whole, call.shape)


def repeat_each(call: Call, x: Value, times: Any, axis: int | None) -> Value:
    if isinstance(times, Value):
        raise call.unsupported("repeating each element by a computed number")
    if axis is None:
        x, axis = call(ops.Reshape((-1,)), x), 0
    return call(ops.RepeatInterleave(static(times, "repeats"), axis_of(axis, x)), x)


def concat(call: Call, values: Sequence[Value], axis: int) -> Value:
    axis = axis % call.type.rank
    given = [call.cast(value, call.type.dtype) for value in values if value.type.shape != (0,)]
    return call(ops.Concat(axis), *given) if len(given) > 1 else given[0]


def stack(call: Call, values: Sequence[Value], axis: int) -> Value:
    axis = axis % call.type.rank
    return concat(call, [call(ops.ExpandDims(axis), value) for value in values], axis)


def pixel_shuffle(call: Call, x: Value, factor: int) -> Value:
    """[N, C r r, H, W] to [N, C, H r, W r]."""
    batch, _, height, width = x.type.shape
    apart = call.reshape(x, (batch, call.shape[1], factor, factor, height, width))
    return call.reshape(call.transpose(apart, (0, 1, 4, 2, 5, 3)), call.shape)


def pixel_unshuffle(call: Call, x: Value, factor: int) -> Value:
    """[N, C, H r, W r] to [N, C r r, H, W]."""
    batch, channels = x.type.shape[:2]
    height, width = call.shape[2:]
    apart = call.reshape(x, (batch, channels, height, factor, width, factor))
    return call.reshape(call.transpose(apart, (0, 1, 3, 5, 2, 4)), call.shape)


def channel_shuffle(call: Call, x: Value, groups: int) -> Value:
    batch, channels, *spatial = x.type.shape
    width = static(channels, "the number of channels") // groups
    apart = call.reshape(x, (batch, groups, width, *spatial))
    order = (0, 2, 1, *range(3, apart.type.rank))
    return call.reshape(call.transpose(apart, order), call.shape)


def roll(call: Call, x: Value, shifts: Sequence[int], axes: Sequence[int]) -> Value:
    if not axes:
        flat = call(ops.Roll(tuple(shifts), (0,)), call(ops.Reshape((-1,)), x))
        return call.reshape(flat, call.shape)
    return call(ops.Roll(tuple(shifts), axes_of(axes, x)), x)


def triangle(upper: bool) -> Callable[..., Value]:
    def rule(call: Call, x: Value, diagonal: int = 0) -> Value:
        return call(ops.Triangle(upper, diagonal), x)

    return rule


RULES: dict[str, Rule] = {
    "_to_copy": cast,
    "_unsafe_view": reshape,
    "alias": identity,
    "broadcast_to": expand,
    "cat": concat,
    "channel_shuffle": channel_shuffle,
    "clone": identity,
    "concat": concat,
    "contiguous": identity,
    "copy": lambda call, old, new, *_: call.value(new, old.type.dtype),
    "detach": detach,
    "detach_": detach,
    "expand": expand,
    "expand_as": expand,
    "flatten": flatten,
    "flip": lambda call, x, axes: call(ops.Flip(axes_of(axes, x)), x),
    "lift_fresh_copy": identity,
    "mT": swap_last,
    "movedim": move,
    "moveaxis": move,
    "native_channel_shuffle": channel_shuffle,
    "numpy_T": reverse_axes,
    "permute": permute,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "positive": identity,
    "repeat": repeat,
    "repeat_interleave": repeat_each,
    "reshape": reshape,
    "reshape_as": reshape,
    "roll": roll,
    "squeeze": squeeze,
    "stack": stack,
    "swapaxes": swap,
    "t": swap_last,
    "tile": repeat,
    "to": cast,
    "transpose": swap,
    "tril": triangle(False),
    "triu": triangle(True),
    "type_as": cast,
    "unflatten": reshape,
    "unsqueeze": unsqueeze,
    "view": reshape,
    "view_as": reshape,
}
