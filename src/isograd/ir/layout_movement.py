"""Layout rules of the ops that pick, repeat, move, contract and resize."""

from __future__ import annotations

from isograd.ir import ops
from isograd.ir.layout_rules import (
    Decision,
    Rule,
    Site,
    embedding,
    in_logical_order,
    layer_norm,
    plain,
    running_sum,
    windows,
)
from isograd.ir.ops import Op
from isograd.ir.ops.base import normalize_axis
from isograd.ir.placement import Placement


def select(site: Site) -> Decision:
    """One axis goes away."""
    op = site.node.op
    assert isinstance(op, ops.Select)
    return _without(site, (op.axis,))


def squeeze(site: Site) -> Decision:
    """Axes of size 1 go away."""
    op = site.node.op
    assert isinstance(op, ops.Squeeze)
    return _without(site, op.axes)


def expand_dims(site: Site) -> Decision:
    """The new axis lies in front of the one that follows it, or behind the last one."""
    op = site.node.op
    assert isinstance(op, ops.ExpandDims)
    place = plain(site.placements[0])
    axis = normalize_axis(op.axis, site.rank + 1)
    order = [old + 1 if old >= axis else old for old in place.order]
    if axis < site.rank:
        order.insert(order.index(axis + 1), axis)
    else:
        order.insert(order.index(axis - 1) + 1 if order else 0, axis)
    return Decision((place,), Placement(tuple(order)))


def broadcast_to(site: Site) -> Decision:
    """New axes in front need the logical order."""
    return in_logical_order(site) if site.rank != site.node.type.rank else running_sum(site)


def _without(site: Site, axes: tuple[int, ...]) -> Decision:
    place = plain(site.placements[0])
    gone = tuple(normalize_axis(axis, site.rank) for axis in axes)
    return Decision((place,), place.without(gone))


_AXIS_BY_AXIS = (ops.Flip, ops.Pad, ops.RepeatInterleave, ops.Roll, ops.Slice, ops.Tile)
_LOGICAL = (ops.Attention, ops.Einsum, ops.Take, ops.TakeAlongAxis, ops.Triangle)
_RESIZING = (ops.AdaptiveAvgPool, ops.AdaptiveMaxPool, ops.ConvTranspose, ops.Resize)

MOVEMENT: dict[type[Op], Rule] = {
    **dict.fromkeys(_AXIS_BY_AXIS, running_sum),
    **dict.fromkeys(_LOGICAL, in_logical_order),
    **dict.fromkeys(_RESIZING, windows),
    ops.BroadcastTo: broadcast_to,
    ops.ExpandDims: expand_dims,
    ops.OneHot: embedding,
    ops.RMSNorm: layer_norm,
    ops.Select: select,
    ops.Squeeze: squeeze,
}
"""Op to its rule."""
