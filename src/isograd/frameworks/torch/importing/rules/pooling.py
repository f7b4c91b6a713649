"""Pooling and resizing of images and sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule, both, pair
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import Op, static


def max_pool(axes: int) -> Rule:
    def rule(call: Call, x: Value, kernel: Sequence[int], *rest: Any) -> Value:
        stride, padding, dilation, ceil_mode = rest
        _check_batch(call, x, axes)
        op = ops.MaxPool(
            pair(kernel, axes),
            pair(stride or kernel, axes),
            both(padding, axes),
            pair(dilation, axes),
            bool(ceil_mode),
        )
        return call(op, x)

    return rule


def max_pool_with_indices(axes: int) -> Rule:
    def rule(call: Call, *arguments: Any) -> tuple[Value, Value]:
        indices = Value(call.results[1], problem="the indices of a max pooling")
        return max_pool(axes)(call, *arguments), indices

    return rule


def avg_pool(axes: int) -> Rule:
    def rule(call: Call, x: Value, kernel: Sequence[int], *rest: Any) -> Value:
        stride, padding, ceil_mode, count_include_pad, *divisor = rest
        _check_batch(call, x, axes)
        if divisor and divisor[0] is not None:
            raise call.unsupported("average pooling with another divisor")
        op = ops.AvgPool(
            pair(kernel, axes),
            pair(stride or kernel, axes),
            both(padding, axes),
            bool(ceil_mode),
            bool(count_include_pad),
        )
        return call(op, x)

    return rule


def adaptive(whole: type[Op], windows: Any) -> Rule:
    """To size 1 it is pooling over everything, to the size that it has it is nothing."""

    def rule(call: Call, x: Value, sizes: Sequence[int]) -> Value:
        if len(sizes) != x.type.rank - 2:
            raise call.unsupported("pooling of an input without a batch axis")
        if call.shape == x.type.shape:
            return x
        if all(size == 1 for size in sizes):
            return call(whole(keepdims=True), x)  # type: ignore[call-arg]
        return call(windows(tuple(static(size, "a pooled size") for size in sizes)), x)

    return rule


def adaptive_max(call: Call, x: Value, sizes: Sequence[int]) -> tuple[Value, Value]:
    indices = Value(call.results[1], problem="the indices of a max pooling")
    return adaptive(ops.GlobalMaxPool, ops.AdaptiveMaxPool)(call, x, sizes), indices


def resize(mode: str) -> Rule:
    """``(x, size, [align_corners,] scales)``, one of size and scales being None."""

    def rule(call: Call, x: Value, size: Any, *rest: Any) -> Value:
        *align, scales = rest
        sizes = None if size is None else tuple(static(n, "the new size") for n in size)
        factors = None if scales is None else tuple(map(float, scales))
        return call(ops.Resize(sizes, factors, mode, bool(align and align[0])), x)  # type: ignore[arg-type]

    return rule


def _check_batch(call: Call, x: Value, axes: int) -> None:
    if x.type.rank != axes + 2:
        raise call.unsupported("pooling of an input without a batch axis")


RULES: dict[str, Rule] = {
    **{f"max_pool{n}d": max_pool(n) for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": max_pool_with_indices(n) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": avg_pool(n) for n in (1, 2, 3)},
    **{
        f"adaptive_avg_pool{n}d": adaptive(ops.GlobalAvgPool, ops.AdaptiveAvgPool)
        for n in (1, 2, 3)
    },
    **{f"adaptive_max_pool{n}d": adaptive_max for n in (1, 2, 3)},
    **{f"upsample_nearest{n}d.vec": resize("nearest") for n in (1, 2, 3)},
    "upsample_linear1d.vec": resize("bilinear"),
    "upsample_bilinear2d.vec": resize("bilinear"),
    "upsample_trilinear3d.vec": resize("bilinear"),
    "upsample_bicubic2d.vec": resize("bicubic"),
}
