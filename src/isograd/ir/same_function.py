"""One op for all that compute the same at the sizes that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from isograd.ir import ops
from isograd.ir.graph import Node
from isograd.ir.ops import Op
from isograd.ir.ops.base import Shape, TensorType
from isograd.ir.ops.windows import count_windows


def same_function(node: Node, types: Mapping[str, TensorType]) -> Op:
    """One op for all that compute the same at the sizes that the node is given."""
    op = node.op
    if isinstance(op, ops.MaxPool):
        return _max_pool(op, types[node.inputs[0]].shape[2:])
    if isinstance(op, ops.AvgPool):
        return _avg_pool(op, types[node.inputs[0]].shape[2:])
    if isinstance(op, ops.Resize) and op.scale is not None:
        return _resize(op, types[node.inputs[0]].shape[2:], node.type.shape[2:])
    return op


def _max_pool(op: ops.MaxPool, sizes: Shape) -> Op:
    """A last window that hangs over the end reads as much padding."""
    if not op.ceil_mode:
        return op
    padding = []
    for size, (before, after), kernel, stride, rate in zip(
        sizes, op.padding, op.kernel_size, op.stride, op.dilation, strict=True
    ):
        if isinstance(size, str):
            return op
        count = count_windows(size, kernel, stride, (before, after), rate, True)
        assert isinstance(count, int)
        end = (count - 1) * stride + rate * (kernel - 1) + 1
        padding.append((before, max(after, end - size - before)))
    return replace(op, ceil_mode=False, padding=tuple(padding))


def _avg_pool(op: ops.AvgPool, sizes: Shape) -> Op:
    """Rounding up is nothing where no window hangs over; whether padding counts, where is none."""
    windows = [*zip(sizes, op.kernel_size, op.stride, op.padding, strict=True)]
    if all(count_windows(*w) == count_windows(*w, 1, op.ceil_mode) for w in windows):
        op = replace(op, ceil_mode=False)
    if not op.ceil_mode and not any(sum(op.padding, ())):
        op = replace(op, count_include_pad=True)
    return op


def _resize(op: ops.Resize, old: Shape, new: Shape) -> Op:
    """A factor that is the ratio of the sizes says no more than they do."""
    sizes = [n for n in new if isinstance(n, int)]
    ratios = [n / o for n, o in zip(sizes, old, strict=False) if isinstance(o, int)]
    if op.scale is None or len(ratios) < len(new) or op.scale != tuple(ratios):
        return op
    return replace(op, size=tuple(sizes), scale=None)
