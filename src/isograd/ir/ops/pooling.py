"""Pooling of [N, C, *spatial]: over windows (`MaxPool`, `AvgPool`) and over all spatial axes
(`GlobalAvgPool`, `GlobalMaxPool`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isograd.ir.ops.base import Op, ShapeError, TensorType, floating
from isograd.ir.ops.checks import check_flag, refuse
from isograd.ir.ops.windows import (
    Padding,
    check_windows,
    count_windows,
    spatial,
    spread,
    symmetric,
)


@dataclass(frozen=True)
class MaxPool(Op):
    """The largest value of each window; padding counts as minus infinity.

    Where several values are the largest, the gradient goes to the first of them. Output sizes are
    those of `count_windows`. ``padding`` holds (before, after) for each axis, both less than the
    kernel reaches; where they differ (as in Keras' ``"same"``) there is no ``ceil_mode``.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        check_windows(self, "stride", "dilation")
        check_flag(self, "ceil_mode")
        reach = zip(self.dilation, self.kernel_size, strict=True)
        _check_padding(self, tuple(d * (k - 1) + 1 for d, k in reach), self.padding, self.ceil_mode)

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        sizes = spatial(floating(x, "MaxPool"), len(self.kernel_size), "MaxPool")
        windows = zip(
            sizes, self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        counts = (count_windows(*window, self.ceil_mode) for window in windows)
        return x.with_shape((*x.shape[:2], *counts))


@dataclass(frozen=True)
class AvgPool(Op):
    """The mean of each window.

    Zeros from the padding count in the divisor only with ``count_include_pad``; what a last window
    reaches beyond the padding (with ``ceil_mode``) never counts. Output sizes are those of
    `count_windows`. ``padding`` holds (before, after) for each axis, both less than the kernel;
    where they differ (as in Keras' ``"same"``) there is no ``ceil_mode``.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    ceil_mode: bool = False
    count_include_pad: bool = True

    def __post_init__(self) -> None:
        check_windows(self, "stride")
        check_flag(self, "ceil_mode", "count_include_pad")
        _check_padding(self, self.kernel_size, self.padding, self.ceil_mode)

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        sizes = spatial(floating(x, "AvgPool"), len(self.kernel_size), "AvgPool")
        windows = zip(sizes, self.kernel_size, self.stride, self.padding, strict=True)
        counts = (count_windows(*window, ceil_mode=self.ceil_mode) for window in windows)
        return x.with_shape((*x.shape[:2], *counts))


@dataclass(frozen=True)
class _GlobalPool(Op):
    """Pooling over all spatial axes: they go away, or stay with size 1 if ``keepdims``."""

    keepdims: bool = False

    def __post_init__(self) -> None:
        check_flag(self, "keepdims")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, type(self).__name__)
        if x.rank < 3:
            raise ShapeError(f"{type(self).__name__} needs [N, C, *spatial], got {x.shape}")
        kept = (1,) * (x.rank - 2) if self.keepdims else ()
        return x.with_shape((*x.shape[:2], *kept))


@dataclass(frozen=True)
class GlobalAvgPool(_GlobalPool):
    """The mean over all spatial axes of [N, C, *spatial], whatever their sizes: [N, C], or
    [N, C, 1, ...] with ``keepdims``.
    """


@dataclass(frozen=True)
class GlobalMaxPool(_GlobalPool):
    """The largest value over all spatial axes of [N, C, *spatial], whatever their sizes: [N, C], or
    [N, C, 1, ...] with ``keepdims``.
    """


def max_pool2d(
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> MaxPool:
    """A `MaxPool` over height and width. ``stride`` is the kernel's size by default; one number
    stands for both axes.
    """
    return MaxPool(
        spread(kernel_size, 2),
        spread(kernel_size if stride is None else stride, 2),
        symmetric(padding, 2),
        spread(dilation, 2),
        ceil_mode,
    )


def avg_pool2d(
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> AvgPool:
    """An `AvgPool` over height and width. ``stride`` is the kernel's size by default; one number
    stands for both axes.
    """
    return AvgPool(
        spread(kernel_size, 2),
        spread(kernel_size if stride is None else stride, 2),
        symmetric(padding, 2),
        ceil_mode,
        count_include_pad,
    )


def _check_padding(op: Op, reach: tuple[int, ...], padding: Padding, ceil_mode: bool) -> None:
    if any(max(pair) >= size for size, pair in zip(reach, padding, strict=True)):
        refuse(op, "padding", f"less than the kernel's reach {reach}")
    if ceil_mode and any(before != after for before, after in padding):
        refuse(op, "padding", "the same before and after, with ceil_mode")
