"""Sliding windows over spatial axes: how many of them fit, for convolution and pooling alike."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.ir.ops.base import Dim, Op, Shape, ShapeError, TensorType
from isograd.ir.ops.checks import check_sizes, is_whole, refuse
from isograd.ir.sizes import add

Padding = tuple[tuple[int, int], ...]
"""(before, after) for each spatial axis."""


def spread(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """One number repeated for each of ``axes``, or the sequence as it is, as a tuple."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def symmetric(value: int | Sequence[int], axes: int) -> Padding:
    """The same padding before and after, from one number or from one for each axis."""
    return tuple((size, size) for size in spread(value, axes))


def check_windows(op: Op, *sizes: str) -> None:
    """Checks ``kernel_size`` (for one to three axes), the fields ``sizes`` (as many positive
    numbers) and ``padding`` (as many pairs of non-negative numbers). Raises `ValueError`.
    """
    check_sizes(op, "kernel_size", *sizes)
    axes = len(op.attributes()["kernel_size"])
    if axes not in (1, 2, 3):
        refuse(op, "kernel_size", "for one to three spatial axes")
    for name in sizes:
        if len(op.attributes()[name]) != axes:
            refuse(op, name, f"{axes} long, as kernel_size is")
    padding = op.attributes()["padding"]
    if not (isinstance(padding, tuple) and len(padding) == axes and all(map(_is_pair, padding))):
        refuse(op, "padding", f"{axes} pairs (before, after) of whole numbers of at least 0")


def spatial(x: TensorType, axes: int, what: str) -> Shape:
    """The last ``axes`` sizes of ``x``, which is [N, C, *spatial]. Raises `ShapeError` when the
    rank is another.
    """
    if x.rank != axes + 2:
        raise ShapeError(f"{what} needs [N, C] and {axes} spatial axes, got {x.shape}")
    return x.shape[2:]


def count_windows(
    size: Dim,
    kernel: int,
    stride: int,
    padding: tuple[int, int],
    dilation: int = 1,
    ceil_mode: bool = False,
) -> Dim:
    """How many windows fit along one axis.

    ``floor((before + size + after - dilation (kernel - 1) - 1) / stride) + 1``; with ``ceil_mode``
    the division rounds up, so that the last window, even if it is the only one, may hang over the
    end by less than a stride; it must start inside the input or the padding before it (as the
    documentation of ``torch.nn.MaxPool2d`` has it). A symbolic size takes windows of
    stride 1 only. Raises `ShapeError` when no window fits or the number cannot be known.
    """
    before, after = padding
    reach = dilation * (kernel - 1)
    if isinstance(size, str):
        return _symbolic(size, stride, before + after - reach)
    room = before + size + after - reach - 1
    count = 1 + (-(-room // stride) if ceil_mode else room // stride)
    if ceil_mode and (count - 1) * stride >= size + before:
        count -= 1
    if count < 1:
        raise ShapeError(
            f"a window of {reach + 1} does not fit into {size} with padding {before} + {after}"
        )
    return count


def _symbolic(size: str, stride: int, growth: int) -> Dim:
    if stride != 1:
        raise ShapeError(
            f"the symbolic size {size!r} must be a known number here: "
            "only windows with stride 1 can leave it open"
        )
    return add(size, growth)


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(is_whole(n, 0) for n in value)
