"""Ops that pick elements by indices which are values themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import Op, ShapeError, TensorType, normalize_axis
from isograd.ir.ops.checks import check_whole


@dataclass(frozen=True)
class Take(Op):
    """``numpy.take``: along ``axis`` of the first value, what the second, of whole numbers of any
    rank, asks for; its axes take the place of ``axis``.
    """

    axis: int
    arity: ClassVar[int | tuple[int, int] | None] = 2

    def __post_init__(self) -> None:
        check_whole(self, "axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        x, indices = inputs
        _check_indices(self, indices)
        axis = normalize_axis(self.axis, x.rank)
        return x.with_shape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


@dataclass(frozen=True)
class TakeAlongAxis(Op):
    """``numpy.take_along_axis``: for each place of the second value, of whole numbers, the element
    of the first at that place but for ``axis``, where the number says which. All other sizes agree.
    """

    axis: int
    arity: ClassVar[int | tuple[int, int] | None] = 2

    def __post_init__(self) -> None:
        check_whole(self, "axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        x, indices = inputs
        _check_indices(self, indices)
        axis = normalize_axis(self.axis, x.rank)
        pairs = enumerate(zip(x.shape, indices.shape, strict=False))
        if x.rank != indices.rank or any(a != b for i, (a, b) in pairs if i != axis):
            raise ShapeError(
                f"TakeAlongAxis: {x.shape} and indices {indices.shape} differ in more than axis "
                f"{self.axis}"
            )
        return x.with_shape(indices.shape)


@dataclass(frozen=True)
class OneHot(Op):
    """A last axis of ``classes`` places: 1 where the whole number says, 0 elsewhere."""

    classes: int

    def __post_init__(self) -> None:
        check_whole(self, "classes", minimum=1)

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        _check_indices(self, x)
        return TensorType((*x.shape, self.classes), "float")


def _check_indices(op: Op, indices: TensorType) -> None:
    if indices.dtype != "int":
        raise ShapeError(f"{type(op).__name__} needs whole numbers as indices")
