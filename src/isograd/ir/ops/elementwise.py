"""Elementwise arithmetic of two values (with NumPy's broadcasting), and of one with a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import Op, ShapeError, TensorType, broadcast_shapes, floating, numeric
from isograd.ir.ops.checks import check_number


@dataclass(frozen=True)
class _Binary(Op):
    """Two numeric values of one kind; shapes broadcast. Kinds are never mixed, because frameworks
    promote them differently.
    """

    arity: ClassVar[int | None] = 2

    def infer(self, *inputs: TensorType) -> TensorType:
        a, b = inputs
        if a.dtype != b.dtype:
            raise ShapeError(
                f"{type(self).__name__} needs two values of one kind, got {a.dtype} and {b.dtype}"
            )
        numeric(a, type(self).__name__)
        return a.with_shape(broadcast_shapes(a.shape, b.shape))


@dataclass(frozen=True)
class _FloatBinary(_Binary):
    """Two floating-point values; shapes broadcast."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return floating(super().infer(*inputs), type(self).__name__)


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
class Divide(_FloatBinary):
    """``a / b``, of floating-point values."""


@dataclass(frozen=True)
class FloorDivide(_Binary):
    """``a / b`` rounded towards minus infinity, as Python's ``//``; all derivatives are 0.
    The divisor must not be 0.
    """


@dataclass(frozen=True)
class Remainder(_Binary):
    """``a - b floor(a / b)``, which has the sign of ``b``, as Python's ``%``. The derivatives are
    1 and ``-floor(a / b)``. The divisor must not be 0.
    """


@dataclass(frozen=True)
class Power(_FloatBinary):
    """``a ** b``, of floating-point values. The derivative with respect to ``a`` is 0 where ``b``
    is 0, that with respect to ``b`` is 0 where ``a`` is 0 and ``b`` is not negative.
    """


@dataclass(frozen=True)
class Atan2(_FloatBinary):
    """The angle of the point (``b``, ``a``), between -pi and pi; the derivatives at the origin
    are 0.
    """


@dataclass(frozen=True)
class Maximum(_Binary):
    """The larger of ``a`` and ``b``; where they are equal, each gets half of the gradient."""


@dataclass(frozen=True)
class Minimum(_Binary):
    """The smaller of ``a`` and ``b``; where they are equal, each gets half of the gradient."""


@dataclass(frozen=True)
class _Scalar(Op):
    """Keeps the type of its numeric input; an integer input takes a whole number only."""

    value: float

    def __post_init__(self) -> None:
        check_number(self, "value")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.dtype == "int" and not isinstance(self.value, int):
            raise ShapeError(f"integers take a whole number, not {self.value!r}")
        return numeric(x, type(self).__name__)


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
