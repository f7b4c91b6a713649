"""Ops that move or rename elements and change none: `Concat`, `Flatten`, `Reshape`, `Transpose`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import Dim, Op, Shape, ShapeError, TensorType, normalize_axis
from isograd.ir.ops.checks import check_sizes, check_whole, is_whole, refuse
from isograd.ir.sizes import add, divide, is_canonical, multiply


@dataclass(frozen=True)
class Concat(Op):
    """One or more values of one kind, one after the other along ``axis``; all other sizes agree."""

    axis: int

    arity: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        check_whole(self, "axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        first = inputs[0]
        axis = normalize_axis(self.axis, first.rank)
        for x in inputs:
            alike = x.dtype == first.dtype and x.rank == first.rank
            if not alike or _without(x.shape, axis) != _without(first.shape, axis):
                raise ShapeError(
                    f"Concat along axis {self.axis}: {first.shape} ({first.dtype}) and {x.shape} "
                    f"({x.dtype}) differ in more than that axis"
                )
        total = add(*(x.shape[axis] for x in inputs))
        return first.with_shape((*first.shape[:axis], total, *first.shape[axis + 1 :]))


@dataclass(frozen=True)
class Flatten(Op):
    """Axes ``start_axis`` to ``end_axis`` (both included) as one, the last of them fastest.

    Of logical values: an image [N, C, H, W] becomes channels first, whatever the framework.
    """

    start_axis: int = 1
    end_axis: int = -1

    def __post_init__(self) -> None:
        check_whole(self, "start_axis", "end_axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        start = normalize_axis(self.start_axis, x.rank)
        end = normalize_axis(self.end_axis, x.rank) + 1
        if end <= start:
            raise ShapeError(
                f"Flatten from axis {self.start_axis} to {self.end_axis} is empty for {x.shape}"
            )
        size = multiply(*x.shape[start:end])
        return x.with_shape((*x.shape[:start], size, *x.shape[end:]))


@dataclass(frozen=True)
class Reshape(Op):
    """The same elements in row-major order under another shape.

    ``shape`` may hold one -1, which stands for what is left, and the symbolic sizes of the input,
    such as ``("N", 4, -1)``. Element counts must agree and symbolic sizes must cancel, so that the
    batch size is never a number.
    """

    shape: tuple[Dim, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.shape, tuple) or not all(map(_is_dim, self.shape)):
            refuse(self, "shape", "a tuple of positive whole numbers, symbols and at most one -1")
        if self.shape.count(-1) > 1:
            refuse(self, "shape", "with at most one -1")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        have = multiply(*x.shape)
        want = multiply(*(dim for dim in self.shape if dim != -1))
        if -1 not in self.shape:
            if have != want:
                raise self._mismatch(x)
            return x.with_shape(self.shape)
        rest = divide(have, want)
        if rest is None or rest == 0:
            raise self._mismatch(x)
        return x.with_shape(tuple(rest if dim == -1 else dim for dim in self.shape))

    def _mismatch(self, x: TensorType) -> ShapeError:
        return ShapeError(f"{x.shape} cannot be reshaped to {self.shape} for every symbolic size")


@dataclass(frozen=True)
class Transpose(Op):
    """Axis ``i`` of the result is axis ``axes[i]`` of the input."""

    axes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_sizes(self, "axes", minimum=0)
        if sorted(self.axes) != list(range(len(self.axes))):
            refuse(self, "axes", f"a permutation of 0 to {len(self.axes) - 1}")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.rank != len(self.axes):
            raise ShapeError(f"Transpose by {self.axes} does not fit {x.shape}")
        return x.with_shape(tuple(x.shape[axis] for axis in self.axes))


def _is_dim(dim: object) -> bool:
    return (isinstance(dim, str) and is_canonical(dim)) or (is_whole(dim, -1) and dim != 0)


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]
