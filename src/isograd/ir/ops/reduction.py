"""Reductions over axes, and `CumSum`, which keeps all that a sum goes through."""

from __future__ import annotations

from dataclasses import dataclass

from isograd.ir.ops.base import (
    Op,
    ShapeError,
    TensorType,
    boolean,
    floating,
    normalize_axis,
    numeric,
)
from isograd.ir.ops.checks import check_flag, check_sizes, check_whole, refuse


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
class _FloatReduction(_Reduction):
    """Of floating-point values."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return floating(super().infer(*inputs), type(self).__name__)


@dataclass(frozen=True)
class _NumericReduction(_Reduction):
    """Of numbers."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return numeric(super().infer(*inputs), type(self).__name__)


@dataclass(frozen=True)
class _BooleanReduction(_Reduction):
    """Of truth values."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return boolean(super().infer(*inputs), type(self).__name__)


@dataclass(frozen=True)
class Mean(_FloatReduction):
    """The mean over ``axes`` (negative ones count from the end), which go away, or stay with size
    1 if ``keepdims``. Floating-point values only.
    """


@dataclass(frozen=True)
class Sum(_NumericReduction):
    """The sum over ``axes`` (negative ones count from the end), which go away, or stay with size 1
    if ``keepdims``.
    """


@dataclass(frozen=True)
class Prod(_NumericReduction):
    """The product over ``axes``; the derivatives are right where factors are 0, too."""


@dataclass(frozen=True)
class Max(_NumericReduction):
    """The largest value over ``axes``; those that are equal to it share the gradient equally."""


@dataclass(frozen=True)
class Min(_NumericReduction):
    """The smallest value over ``axes``; those that are equal to it share the gradient equally."""


@dataclass(frozen=True)
class LogSumExp(_FloatReduction):
    """``log(sum(exp(x)))`` over ``axes``, also where ``exp(x)`` would be infinite."""


@dataclass(frozen=True)
class Variance(Op):
    """The mean squared distance from the mean over ``axes``, of n values each: the sum divided by
    ``n - correction``. A correction of 1 makes the estimate unbiased (Bessel).
    """

    axes: tuple[int, ...]
    correction: int = 1
    keepdims: bool = False

    def __post_init__(self) -> None:
        check_sizes(self, "axes", minimum=None)
        check_flag(self, "keepdims")
        if self.correction not in (0, 1):
            refuse(self, "correction", "0 or 1")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return Sum(self.axes, self.keepdims).infer(floating(x, "Variance"))


@dataclass(frozen=True)
class All(_BooleanReduction):
    """Whether all truth values over ``axes`` are true."""


@dataclass(frozen=True)
class Any(_BooleanReduction):
    """Whether one of the truth values over ``axes`` is true, or more."""


@dataclass(frozen=True)
class _ArgReduction(Op):
    """The index along ``axis`` of an extreme value, the first one of several that are equal."""

    axis: int
    keepdims: bool = False

    def __post_init__(self) -> None:
        check_whole(self, "axis")
        check_flag(self, "keepdims")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        numeric(x, type(self).__name__)
        return TensorType(Sum((self.axis,), self.keepdims).infer(x).shape, "int")


@dataclass(frozen=True)
class ArgMax(_ArgReduction):
    """The index of the largest value along ``axis``, the first one of several that are equal."""


@dataclass(frozen=True)
class ArgMin(_ArgReduction):
    """The index of the smallest value along ``axis``, the first one of several that are equal."""


@dataclass(frozen=True)
class CumSum(Op):
    """Along ``axis``, the sum of all values up to and with each one."""

    axis: int

    def __post_init__(self) -> None:
        check_whole(self, "axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        normalize_axis(self.axis, x.rank)
        return numeric(x, "CumSum")
