"""Ops that pick, repeat, move and contract elements, in Keras."""

from __future__ import annotations

from isograd.errors import UsageError
from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Bracket, Source, call
from isograd.frameworks.notation import Expression
from isograd.frameworks.subscripts import expand_dims, physical, select, slice_of
from isograd.ir import ops
from isograd.ir.ops import Op


def squeeze(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Squeeze)
    axes = tuple(sorted(map(site.position, op.axes)))
    return call("ops.squeeze", site.x, axis=axes[0] if len(axes) == 1 else axes)


def broadcast_to(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.BroadcastTo)
    sizes = tuple(str(site.size(op.shape[axis])) for axis in site.result.order)
    return call("ops.broadcast_to", site.x, Bracket("(", sizes, ",)" if len(sizes) == 1 else ")"))


def tile(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Tile)
    return call("ops.tile", site.x, physical(site, op.repeats))


def repeat_interleave(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.RepeatInterleave)
    return call("ops.repeat", site.x, op.repeats, axis=site.axis(op.axis))


def flip(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Flip)
    return call("ops.flip", site.x, axis=tuple(map(site.position, op.axes)))


def roll(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Roll)
    return call("ops.roll", site.x, op.shifts, axis=tuple(map(site.position, op.axes)))


def pad(site: Site) -> Source:
    """Negative padding is a subscript; modes that ops.pad lacks are exact forms."""
    op = site.node.op
    assert isinstance(op, ops.Pad)
    pairs = tuple(op.padding[axis] for axis in site.placements[0].order)
    if op.mode in ("replicate", "circular"):
        moved = (
            size for size, pair in zip(site.types[0].shape, op.padding, strict=True) if any(pair)
        )
        if any(isinstance(size, str) for size in moved):
            raise UsageError(
                f"Padding of a symbolic size by {op.mode!r} (node {site.node.name!r}).",
                where=site.node.source,
                hint="Give the axis of the input as a number.",
            )
        return call(f"{op.mode}_pad", site.x, pairs)
    x = _cropped(site.x, pairs)
    pairs = tuple((max(before, 0), max(after, 0)) for before, after in pairs)
    if not any(sum(pairs, ())):
        return x
    if op.mode == "reflect":
        return call("ops.pad", x, pairs, mode='"reflect"')
    value = '-float("inf")' if op.value is None else op.value
    return call("ops.pad", x, pairs, **({} if value == 0 else {"constant_values": value}))


def _cropped(x: str, pairs: tuple[tuple[int, int], ...]) -> str:
    cuts = [(max(-before, 0), max(-after, 0)) for before, after in pairs]
    while cuts and cuts[-1] == (0, 0):
        cuts.pop()
    if not cuts:
        return x
    parts = (f"{before or ''}:{-after if after else ''}" for before, after in cuts)
    return f"{x}[{', '.join(parts)}]"


def triangle(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Triangle)
    return call("ops.triu" if op.upper else "ops.tril", site.x, op.diagonal)


def take(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Take)
    return call("ops.take", *site.arguments, axis=site.position(op.axis))


def take_along_axis(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.TakeAlongAxis)
    return call("ops.take_along_axis", *site.arguments, axis=site.position(op.axis))


def one_hot(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.OneHot)
    return call("ops.one_hot", site.x, op.classes, dtype="self.compute_dtype")


def einsum(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Einsum)
    return call("ops.einsum", f'"{op.equation}"', *site.arguments)


def attention(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Attention)
    width = site.types[0].shape[-1]
    if op.scale is not None:
        scale: object = op.scale
    elif isinstance(width, int):
        scale = width**-0.5
    else:
        scale = f"{site.size(width)} ** -0.5"
    if op.causal:
        return call("causal_attention", *site.arguments, scale)
    if len(site.arguments) == 3:
        return call("attention", *site.arguments, scale)
    masked = site.types[3].dtype == "bool"
    return call("masked_attention" if masked else "biased_attention", *site.arguments, scale)


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Slice: slice_of,
    ops.Select: lambda site: site.x if site.last else select(site),
    ops.ExpandDims: expand_dims,
    ops.Squeeze: squeeze,
    ops.BroadcastTo: broadcast_to,
    ops.Tile: tile,
    ops.RepeatInterleave: repeat_interleave,
    ops.Flip: flip,
    ops.Roll: roll,
    ops.Pad: pad,
    ops.Triangle: triangle,
    ops.Take: take,
    ops.TakeAlongAxis: take_along_axis,
    ops.OneHot: one_hot,
    ops.Einsum: einsum,
    ops.Attention: attention,
}
"""Op to its expression."""

_ATTENTION = '''\
def attention(q, k, v, scale):
    """Softmax of the scaled products of queries and keys, applied to the values."""
    scores = ops.matmul(q * scale, ops.swapaxes(k, -2, -1))
    return ops.matmul(ops.softmax(scores), v)
'''

_BIASED_ATTENTION = '''\
def biased_attention(q, k, v, bias, scale):
    """Attention with numbers that are added to the scores; where all of a query's are minus
    infinity, it gets zeros.
    """
    scores = ops.matmul(q * scale, ops.swapaxes(k, -2, -1)) + bias
    some = ops.max(scores, axis=-1, keepdims=True) > -float("inf")
    weights = ops.where(some, ops.softmax(ops.where(some, scores, 0.0)), 0.0)
    return ops.matmul(weights, v)
'''

_MASKED_ATTENTION = '''\
def masked_attention(q, k, v, mask, scale):
    """Attention to places where the mask is true; a query with none gets zeros."""
    scores = ops.matmul(q * scale, ops.swapaxes(k, -2, -1))
    some = ops.any(mask, axis=-1, keepdims=True)
    scores = ops.where(ops.logical_or(mask, ops.logical_not(some)), scores, -float("inf"))
    weights = ops.where(some, ops.softmax(scores), 0.0)
    return ops.matmul(weights, v)
'''

_CAUSAL_ATTENTION = '''\
def causal_attention(q, k, v, scale):
    """Attention in which place i sees places up to i."""
    scores = ops.matmul(q * scale, ops.swapaxes(k, -2, -1))
    rows, columns = ops.shape(scores)[-2], ops.shape(scores)[-1]
    seen = ops.arange(rows)[:, None] >= ops.arange(columns)
    scores = ops.where(seen, scores, -float("inf"))
    return ops.matmul(ops.softmax(scores), v)
'''

_REPLICATE_PAD = '''\
def replicate_pad(x, padding):
    """The edges repeated (before, after) times along each axis."""
    for axis, (before, after) in enumerate(padding):
        size = x.shape[axis]
        if before or after:
            places = [0] * before + list(range(size)) + [size - 1] * after
            x = ops.take(x, places, axis=axis)
    return x
'''

_CIRCULAR_PAD = '''\
def circular_pad(x, padding):
    """(before, after) places from the other end, along each axis."""
    for axis, (before, after) in enumerate(padding):
        size = x.shape[axis]
        if before or after:
            places = [place % size for place in range(-before, size + after)]
            x = ops.take(x, places, axis=axis)
    return x
'''

EXACT: dict[str, str] = {
    "attention": _ATTENTION,
    "biased_attention": _BIASED_ATTENTION,
    "masked_attention": _MASKED_ATTENTION,
    "causal_attention": _CAUSAL_ATTENTION,
    "replicate_pad": _REPLICATE_PAD,
    "circular_pad": _CIRCULAR_PAD,
}
"""Exact forms that these expressions call."""
