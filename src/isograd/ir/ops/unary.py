"""Elementwise functions of one value, which keep its shape."""

from __future__ import annotations

from dataclasses import dataclass

from isograd.ir.ops.base import DType, Op, ShapeError, TensorType, floating, numeric
from isograd.ir.ops.checks import check_number, is_whole, refuse
from isograd.ir.ops.literal import check_kind


@dataclass(frozen=True)
class _Unary(Op):
    """Keeps the type of its numeric input."""

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return numeric(x, type(self).__name__)


@dataclass(frozen=True)
class _FloatUnary(Op):
    """Keeps the type of a floating-point input."""

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return floating(x, type(self).__name__)


@dataclass(frozen=True)
class Negative(_Unary):
    """``-x``."""


@dataclass(frozen=True)
class Abs(_Unary):
    """``|x|``; the derivative at 0 is 0."""


@dataclass(frozen=True)
class Square(_Unary):
    """``x * x``."""


@dataclass(frozen=True)
class Sign(_Unary):
    """-1, 0 or 1; the derivative is 0."""


@dataclass(frozen=True)
class Floor(_FloatUnary):
    """The largest whole number that is not above ``x``; the derivative is 0."""


@dataclass(frozen=True)
class Ceil(_FloatUnary):
    """The smallest whole number that is not below ``x``; the derivative is 0."""


@dataclass(frozen=True)
class Round(_FloatUnary):
    """The nearest whole number, the even one of two (IEEE 754); the derivative is 0."""


@dataclass(frozen=True)
class Exp(_FloatUnary):
    """``e ** x``."""


@dataclass(frozen=True)
class Expm1(_FloatUnary):
    """``e ** x - 1``, exact near 0."""


@dataclass(frozen=True)
class Log(_FloatUnary):
    """The natural logarithm of ``x``."""


@dataclass(frozen=True)
class Log1p(_FloatUnary):
    """The natural logarithm of ``1 + x``, exact near 0."""


@dataclass(frozen=True)
class Sqrt(_FloatUnary):
    """The square root of ``x``."""


@dataclass(frozen=True)
class Rsqrt(_FloatUnary):
    """``1 / sqrt(x)``."""


@dataclass(frozen=True)
class Reciprocal(_FloatUnary):
    """``1 / x``."""


@dataclass(frozen=True)
class Erf(_FloatUnary):
    """The error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to x."""


@dataclass(frozen=True)
class Sin(_FloatUnary):
    """The sine of ``x`` in radians."""


@dataclass(frozen=True)
class Cos(_FloatUnary):
    """The cosine of ``x`` in radians."""


@dataclass(frozen=True)
class Tan(_FloatUnary):
    """The tangent of ``x`` in radians."""


@dataclass(frozen=True)
class Asin(_FloatUnary):
    """The arc sine of ``x``, between -pi/2 and pi/2."""


@dataclass(frozen=True)
class Acos(_FloatUnary):
    """The arc cosine of ``x``, between 0 and pi."""


@dataclass(frozen=True)
class Atan(_FloatUnary):
    """The arc tangent of ``x``, between -pi/2 and pi/2."""


@dataclass(frozen=True)
class Sinh(_FloatUnary):
    """The hyperbolic sine of ``x``."""


@dataclass(frozen=True)
class Cosh(_FloatUnary):
    """The hyperbolic cosine of ``x``."""


@dataclass(frozen=True)
class Clip(Op):
    """``x`` kept between ``minimum`` and ``maximum``, one of which may be None; the derivative is
    1 between them and at both of them, 0 outside. Integers take whole bounds only.
    """

    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.minimum is None and self.maximum is None:
            refuse(self, "minimum", "a finite number where there is no maximum")
        check_number(self, *(n for n in ("minimum", "maximum") if getattr(self, n) is not None))
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:  # type: ignore[operator]
            refuse(self, "minimum", f"at most the maximum {self.maximum!r}")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        bounds = (self.minimum, self.maximum)
        if x.dtype == "int" and not all(bound is None or is_whole(bound) for bound in bounds):
            raise ShapeError(f"integers take whole bounds, not {bounds}")
        return numeric(x, "Clip")


@dataclass(frozen=True)
class Cast(Op):
    """``x`` as another kind. Floating-point numbers lose their fraction (towards 0) as integers;
    a number is true unless it is 0; true is 1. There is a gradient from float to float only.
    """

    dtype: DType

    def __post_init__(self) -> None:
        check_kind(self)

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return TensorType(x.shape, self.dtype)
