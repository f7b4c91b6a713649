"""Ops that pick, repeat, move and contract elements, in PyTorch."""

from __future__ import annotations

from isograd.errors import UsageError
from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.notation import Expression
from isograd.frameworks.subscripts import expand_dims, physical, select, slice_of
from isograd.ir import ops
from isograd.ir.ops import Op


def squeeze(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Squeeze)
    axes = tuple(sorted(map(site.position, op.axes)))
    return call(f"{site.x}.squeeze", axes[0] if len(axes) == 1 else axes)


def broadcast_to(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.BroadcastTo)
    sizes = (op.shape[axis] for axis in site.result.order)
    return call(f"{site.x}.expand", *map(site.size, sizes))


def tile(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Tile)
    return call(f"{site.x}.repeat", *physical(site, op.repeats))


def repeat_interleave(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.RepeatInterleave)
    return call(f"{site.x}.repeat_interleave", op.repeats, dim=site.axis(op.axis))


def flip(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Flip)
    return call(f"{site.x}.flip", tuple(map(site.position, op.axes)))


def roll(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Roll)
    return call("torch.roll", site.x, op.shifts, tuple(map(site.position, op.axes)))


def pad(site: Site) -> Source:
    """F.pad counts from the last axis; its other modes take the spatial axes of batches only."""
    op = site.node.op
    assert isinstance(op, ops.Pad)
    pairs = [op.padding[axis] for axis in site.placements[0].order]
    if op.mode == "constant":
        while len(pairs) > 1 and pairs[0] == (0, 0):
            del pairs[0]
        flat = tuple(size for pair in reversed(pairs) for size in pair)
        value = 'float("-inf")' if op.value is None else op.value
        return call("F.pad", site.x, flat, **({} if value == 0 else {"value": value}))
    spatial = site.types[0].rank - 2
    if spatial < 1 or any(pair != (0, 0) for pair in pairs[:-spatial]):
        raise UsageError(
            f"PyTorch pads by {op.mode!r} along the spatial axes of a batch only "
            f"(node {site.node.name!r}).",
            where=site.node.source,
            hint="Give the value a batch and a channel axis.",
        )
    flat = tuple(size for pair in reversed(pairs[-spatial:]) for size in pair)
    return call("F.pad", site.x, flat, mode=f'"{op.mode}"')


def triangle(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Triangle)
    return call("torch.triu" if op.upper else "torch.tril", site.x, op.diagonal)


def take(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Take)
    x, indices = site.arguments
    axis = site.position(op.axis)
    places = [":"] * axis
    if not site.types[1].shape:  # `torch.export` asks for the number in a tensor without axes
        return f"{x}[{', '.join([*places, f'{indices}[None]'])}].squeeze({axis})"
    return f"{x}[{', '.join([*places, indices])}]"


def take_along_axis(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.TakeAlongAxis)
    x, indices = site.arguments
    return call(f"{x}.gather", site.axis(op.axis), indices)


def one_hot(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.OneHot)
    return f"F.one_hot({site.x}, {op.classes}).to(dtype)"


def einsum(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Einsum)
    return call("torch.einsum", f'"{op.equation}"', *site.arguments)


def attention(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Attention)
    options: dict[str, object] = {}
    if len(site.arguments) == 4:
        options["attn_mask"] = site.arguments[3]
    if op.causal:
        options["is_causal"] = True
    if op.scale is not None:
        options["scale"] = op.scale
    return call("F.scaled_dot_product_attention", *site.arguments[:3], **options)


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Slice: slice_of,
    ops.Select: select,
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
