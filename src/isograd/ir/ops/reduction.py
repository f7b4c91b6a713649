"""Reductions over axes: `Mean`, `Sum`."""

from __future__ import annotations

from dataclasses import dataclass

from isograd.ir.ops.base import Op, ShapeError, TensorType, floating, normalize_axis
from isograd.ir.ops.checks import check_flag, check_sizes


@dataclass(frozen=True)
class _Reduction(Op):
    """Takes ``axes`` away, or keeps them with size 1 if ``keepdims``."""

    axes: tuple[int, ...]
    keepdims: bool = False

    def __post_init__(self) -> None:
        check_sizes(self, "axes", minimum=None)
        check_flag(self, "keepdims")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        reduced = {normalize_axis(axis, x.rank) for axis in self.axes}
        if len(reduced) != len(self.axes):
            raise ShapeError(f"axes {self.axes} name one axis of {x.shape} twice")
        if self.keepdims:
            return x.with_shape(tuple(1 if i in reduced else d for i, d in enumerate(x.shape)))
        return x.with_shape(tuple(d for i, d in enumerate(x.shape) if i not in reduced))


@dataclass(frozen=True)
class Mean(_Reduction):
    """The mean over ``axes`` (negative ones count from the end), which go away, or stay with size
    1 if ``keepdims``. Floating-point values only.
    """

    def infer(self, *inputs: TensorType) -> TensorType:
        return floating(super().infer(*inputs), "Mean")


@dataclass(frozen=True)
class Sum(_Reduction):
    """The sum over ``axes`` (negative ones count from the end), which go away, or stay with size 1
    if ``keepdims``.
    """
