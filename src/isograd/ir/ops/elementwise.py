"""Elementwise arithmetic: of two values (with NumPy's broadcasting), of one, and with a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import Op, ShapeError, TensorType, broadcast_shapes, floating
from isograd.ir.ops.checks import check_number


@dataclass(frozen=True)
class _Binary(Op):
    """Two values of one kind; shapes broadcast. Kinds are never mixed, because frameworks promote
    them differently.
    """

    arity: ClassVar[int | None] = 2

    def infer(self, *inputs: TensorType) -> TensorType:
        a, b = inputs
        if a.dtype != b.dtype:
            raise ShapeError(
                f"{type(self).__name__} needs two values of one kind, got {a.dtype} and {b.dtype}"
            )
        return a.with_shape(broadcast_shapes(a.shape, b.shape))


@dataclass(frozen=True)
class Add(_Binary):
    """``a + b``."""


@dataclass(frozen=True)
class Subtract(_Binary):
    """``a - b``."""


@dataclass(frozen=True)
class Multiply(_Binary):
    """``a * b``."""


@dataclass(frozen=True)
class Divide(_Binary):
    """``a / b``, of floating-point values."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return floating(super().infer(*inputs), "Divide")


@dataclass(frozen=True)
class Maximum(_Binary):
    """The larger of ``a`` and ``b``; where they are equal, each gets half of the gradient."""


@dataclass(frozen=True)
class Minimum(_Binary):
    """The smaller of ``a`` and ``b``; where they are equal, each gets half of the gradient."""


@dataclass(frozen=True)
class _Unary(Op):
    """Keeps the type of its input."""

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return x


@dataclass(frozen=True)
class _FloatUnary(_Unary):
    """Keeps the type of a floating-point input."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return floating(super().infer(*inputs), type(self).__name__)


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
class Exp(_FloatUnary):
    """``e ** x``."""


@dataclass(frozen=True)
class Log(_FloatUnary):
    """The natural logarithm of ``x``."""


@dataclass(frozen=True)
class Sqrt(_FloatUnary):
    """The square root of ``x``."""


@dataclass(frozen=True)
class _Scalar(Op):
    """Keeps the type of its input; an integer input takes a whole number only."""

    value: float

    def __post_init__(self) -> None:
        check_number(self, "value")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.dtype == "int" and not isinstance(self.value, int):
            raise ShapeError(f"integers take a whole number, not {self.value!r}")
        return x


@dataclass(frozen=True)
class AddScalar(_Scalar):
    """``x + value``."""


@dataclass(frozen=True)
class MultiplyScalar(_Scalar):
    """``x * value``."""


@dataclass(frozen=True)
class PowerScalar(Op):
    """``x ** exponent``, of floating-point values."""

    exponent: float

    def __post_init__(self) -> None:
        check_number(self, "exponent")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return floating(x, "PowerScalar")
