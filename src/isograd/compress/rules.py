"""How each op hands channels on. An op without a rule leaves whole what it reads and makes."""

from __future__ import annotations

from typing import Any

import numpy as np

from isograd.compress.flow import Axes, Rule, Site
from isograd.compress.reshaping import reshape
from isograd.compress.units import Labels, is_whole
from isograd.ir import ops
from isograd.ir.layout_families import ALIKE, OF_TWO, REDUCTIONS
from isograd.ir.ops import Op
from isograd.ir.ops.base import normalize_axis


def left_whole(site: Site) -> Axes:
    """Nothing is known about it."""
    for axes in site.inputs:
        site.fix(axes)
    return site.whole()


# Layers -------------------------------------------------------------------------------------------


def linear(site: Site) -> Axes:
    *others, features = site.inputs[0]
    site.reads("weight", 1, features)
    made = site.makes("weight", 0)
    site.has("bias", 0, made)
    return (*others, made)


def embedding(site: Site) -> Axes:
    return (*site.inputs[0], site.makes("weight", 1))


def conv(site: Site) -> Axes:
    """Where it has groups, each keeps as many channels as the others, at the same places; a
    depthwise one makes as many of each channel as before."""
    op: Any = site.node.op
    channels = site.inputs[0][1]
    made = _grouped(site, op.groups, channels, inside=("weight", 1), outside=("weight", 0))
    site.has("bias", 0, made)
    return _of_windows(site, made)


def conv_transpose(site: Site) -> Axes:
    """As `conv`; with groups, the output channels of one lie along the kernels' second axis."""
    op: Any = site.node.op
    channels = site.inputs[0][1]
    if op.groups == 1:
        site.reads("weight", 0, channels)
        made = site.makes("weight", 1)
    elif channels is not None and op.groups == len(channels):
        site.has("weight", 0, channels)
        made = np.repeat(channels, op.out_channels // op.groups)
    else:
        return left_whole(site)
    site.has("bias", 0, made)
    return _of_windows(site, made)


def _grouped(
    site: Site,
    groups: int,
    channels: Labels | None,
    inside: tuple[str, int],
    outside: tuple[str, int],
) -> Labels:
    assert channels is not None
    if groups == 1:
        site.reads(*inside, channels)
        return site.makes(*outside)
    if groups == len(channels):
        made = np.repeat(channels, site.shape[1] // groups)  # type: ignore[operator]
        site.has(*outside, made)
        return made
    within = channels.reshape(groups, -1)
    for other in within[1:]:
        site.unite(within[0], other)
    site.reads(*inside, within[0])
    rows = site.makes(*outside).reshape(groups, -1)
    for other in rows[1:]:
        site.unite(rows[0], other)
    return rows.ravel()


def _of_windows(site: Site, channels: Labels | None) -> Axes:
    """Windows move along the axes behind the channels, which stay."""
    batch, _, *spatial = site.inputs[0]
    site.fix(spatial)
    return (batch, channels, *site.whole()[2:])


def windows(site: Site) -> Axes:
    return _of_windows(site, site.inputs[0][1])


def batch_norm(site: Site) -> Axes:
    for role in site.node.parameters:
        site.has(role, 0, site.inputs[0][1])
    return site.inputs[0]


def group_norm(site: Site) -> Axes:
    """Each channel by itself is followed; several that share their mean are not."""
    op: Any = site.node.op
    channels = site.inputs[0][1]
    if channels is None or op.groups != len(channels):
        site.fix([channels])
    site.fix(site.inputs[0][2:])
    return batch_norm(site)


def layer_norm(site: Site) -> Axes:
    """What shares a mean stays."""
    op: Any = site.node.op
    site.fix(site.inputs[0][-len(op.normalized_shape) :])
    return site.inputs[0]


def prelu(site: Site) -> Axes:
    op: Any = site.node.op
    if op.num_parameters > 1:
        site.has("weight", 0, site.inputs[0][1])
    return site.inputs[0]


def recurrent(site: Site) -> Axes:
    """Its input's features are read by matrices only; its states, which it reads itself, stay."""
    x, *others = site.inputs
    site.reads("weight_ih", 1, x[2])
    site.fix(x[:2])
    for axes in others:
        site.fix(axes)
    return site.whole()


def source(site: Site) -> Axes:
    """A tensor by itself can lose what all that it meets does without."""
    return tuple(site.makes("value", axis) for axis in range(len(site.shape)))


# Values -------------------------------------------------------------------------------------------


def alike(site: Site) -> Axes:
    return site.inputs[0]


def broadcast(site: Site) -> Axes:
    """Operands go together, axis by axis; one of size 1 fits all."""
    return _together(site, site.inputs, len(site.shape))


def _together(site: Site, operands: tuple[Axes, ...], rank: int) -> Axes:
    found: list[Labels | None] = []
    for axis in range(-rank, 0):
        here = [axes[axis] for axes in operands if len(axes) >= -axis]
        wide = [labels for labels in here if labels is None or len(labels) > 1] or here[:1]
        first, *others = wide
        for labels in others:
            first = site.unite(first, labels)
        found.append(first)
    return tuple(found)


def along_axis(site: Site) -> Axes:
    """All along one axis is needed."""
    op: Any = site.node.op
    axis = normalize_axis(op.axis, site.types[0].rank)
    site.fix([site.inputs[0][axis]])
    return site.inputs[0]


def reduction(site: Site) -> Axes:
    op: Any = site.node.op
    (axes,) = site.inputs
    gone = {normalize_axis(axis, len(axes)) for axis in op.axes}
    site.fix(axes[axis] for axis in gone)
    if op.keepdims:
        one = np.zeros(1, np.int64)
        return tuple(one if i in gone else labels for i, labels in enumerate(axes))
    return tuple(labels for i, labels in enumerate(axes) if i not in gone)


def global_pool(site: Site) -> Axes:
    batch, channels, *spatial = site.inputs[0]
    site.fix(spatial)
    return (batch, channels, *site.whole()[2:])


def product(site: Site) -> Axes:
    """Of matrices: what is summed over stays."""
    a, b = site.inputs
    site.fix([a[-1], b[-2]])
    return (*_together(site, (a[:-2], b[:-2]), len(site.shape) - 2), a[-2], b[-1])


def attention(site: Site) -> Axes:
    """Heads are axes in front; a head's features stay, but for those of its values."""
    q, k, v = site.inputs[:3]
    site.fix([q[-1], k[-1], k[-2], v[-2]])
    batches = [q[:-2], k[:-2], v[:-2]]
    for mask in site.inputs[3:]:
        site.fix(mask[-2:])
        batches.append(mask[:-2])
    return (*_together(site, tuple(batches), len(site.shape) - 2), q[-2], v[-1])


# Movement -----------------------------------------------------------------------------------------


def transpose(site: Site) -> Axes:
    op: Any = site.node.op
    return tuple(site.inputs[0][axis] for axis in op.axes)


def concat(site: Site) -> Axes:
    op: Any = site.node.op
    axis = normalize_axis(op.axis, len(site.shape))
    parts = [axes[axis] for axes in site.inputs]
    others = _together(site, tuple(_but(axes, axis) for axes in site.inputs), len(site.shape) - 1)
    known = [labels for labels in parts if labels is not None]
    if len(known) < len(parts):
        site.fix(parts)
    joined = np.concatenate(known) if len(known) == len(parts) else None
    return (*others[:axis], joined, *others[axis:])


def _but(axes: Axes, axis: int) -> Axes:
    return (*axes[:axis], *axes[axis + 1 :])


def slice_(site: Site) -> Axes:
    op: Any = site.node.op
    (axes,) = site.inputs
    axis = normalize_axis(op.axis, len(axes))
    labels = axes[axis]
    open_ended = isinstance(op.start, str) or isinstance(op.stop, str)
    if labels is None or is_whole(labels) or op.step != 1 or open_ended:
        site.fix([labels])
        return (*axes[:axis], site.whole()[axis], *axes[axis + 1 :])
    return (*axes[:axis], labels[slice(op.start, op.stop)], *axes[axis + 1 :])


def select(site: Site) -> Axes:
    op: Any = site.node.op
    axis = normalize_axis(op.axis, len(site.inputs[0]))
    site.fix([site.inputs[0][axis]])
    return _but(site.inputs[0], axis)


def pad(site: Site) -> Axes:
    """Places that are filled in stay; only zeros beside channels are followed."""
    op: Any = site.node.op
    found: list[Labels | None] = []
    for labels, whole, pair in zip(site.inputs[0], site.whole(), op.padding, strict=True):
        if pair == (0, 0):
            found.append(labels)
        elif labels is None or op.mode != "constant" or min(pair) < 0:
            site.fix([labels])
            found.append(whole)
        else:
            found.append(np.pad(labels, pair))
    return tuple(found)


def broadcast_to(site: Site) -> Axes:
    (axes,) = site.inputs
    wide = len(site.shape) - len(axes)
    found = list(site.whole())
    for axis, labels in enumerate(axes, start=wide):
        if labels is not None and len(labels) == site.shape[axis]:
            found[axis] = labels
    return tuple(found)


def repeated(site: Site) -> Axes:
    op: Any = site.node.op
    (axes,) = site.inputs
    axis = normalize_axis(op.axis, len(axes))
    labels = axes[axis]
    many = None if labels is None else np.repeat(labels, op.repeats)
    return (*axes[:axis], many, *axes[axis + 1 :])


def flip(site: Site) -> Axes:
    op: Any = site.node.op
    (axes,) = site.inputs
    turned = {normalize_axis(axis, len(axes)) for axis in op.axes}
    return tuple(
        labels[::-1] if i in turned and labels is not None else labels
        for i, labels in enumerate(axes)
    )


RULES: dict[type[Op], Rule] = {
    **dict.fromkeys((*ALIKE, ops.Dropout), alike),
    **dict.fromkeys((*OF_TWO, ops.Where), broadcast),
    **dict.fromkeys(REDUCTIONS, reduction),
    **dict.fromkeys((ops.Softmax, ops.LogSoftmax, ops.CumSum), along_axis),
    **dict.fromkeys((ops.MaxPool, ops.AvgPool, ops.Resize), windows),
    **dict.fromkeys((ops.AdaptiveAvgPool, ops.AdaptiveMaxPool), windows),
    **dict.fromkeys((ops.GlobalAvgPool, ops.GlobalMaxPool), global_pool),
    **dict.fromkeys((ops.LayerNorm, ops.RMSNorm), layer_norm),
    **dict.fromkeys((ops.Parameter, ops.Buffer), source),
    **dict.fromkeys((ops.Flatten, ops.Reshape, ops.Squeeze, ops.ExpandDims), reshape),
    **dict.fromkeys((ops.LSTM, ops.GRU, ops.RNN), recurrent),
    ops.Linear: linear,
    ops.Embedding: embedding,
    ops.Conv: conv,
    ops.ConvTranspose: conv_transpose,
    ops.BatchNorm: batch_norm,
    ops.GroupNorm: group_norm,
    ops.PReLU: prelu,
    ops.MatMul: product,
    ops.Attention: attention,
    ops.Transpose: transpose,
    ops.Concat: concat,
    ops.Slice: slice_,
    ops.Select: select,
    ops.Pad: pad,
    ops.BroadcastTo: broadcast_to,
    ops.RepeatInterleave: repeated,
    ops.Flip: flip,
}
"""Op to its rule."""
