"""Activations: one input, an output of the same shape, no parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isograd.ir.ops.base import Op, TensorType, floating, normalize_axis
from isograd.ir.ops.checks import check_number, check_whole, refuse


@dataclass(frozen=True)
class _Activation(Op):
    """Keeps the type of a floating-point input."""

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return floating(x, type(self).__name__)


@dataclass(frozen=True)
class ReLU(_Activation):
    """``max(x, 0)``; the derivative at 0 is 0."""


@dataclass(frozen=True)
class LeakyReLU(_Activation):
    """``x`` where x > 0, ``negative_slope * x`` elsewhere (Maas et al., 2013). Keras' own default
    slope is another (0.3).
    """

    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        check_number(self, "negative_slope")


@dataclass(frozen=True)
class GELU(_Activation):
    """``x Phi(x)`` with the normal distribution function, exactly (``"none"``), or as
    ``0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3)))`` (``"tanh"``).

    Source: Hendrycks and Gimpel, 2016, section 2. The two differ by up to 5e-4.
    """

    approximate: Literal["none", "tanh"] = "none"

    def __post_init__(self) -> None:
        if self.approximate not in ("none", "tanh"):
            refuse(self, "approximate", "'none' or 'tanh'")


@dataclass(frozen=True)
class SiLU(_Activation):
    """``x sigmoid(x)``, also called swish."""


@dataclass(frozen=True)
class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))``."""


@dataclass(frozen=True)
class Tanh(_Activation):
    """``tanh(x)``."""


@dataclass(frozen=True)
class HardSigmoid(_Activation):
    """``relu6(x + 3) / 6``, with ``relu6(z) = min(max(z, 0), 6)`` (Howard et al., ICCV 2019)."""


@dataclass(frozen=True)
class HardSwish(_Activation):
    """``x relu6(x + 3) / 6``, with ``relu6(z) = min(max(z, 0), 6)`` (Howard et al., ICCV 2019)."""


@dataclass(frozen=True)
class _AlongAxis(Op):
    """Keeps the type of a floating-point input that has the axis."""

    axis: int = -1

    def __post_init__(self) -> None:
        check_whole(self, "axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        normalize_axis(self.axis, x.rank)
        return floating(x, type(self).__name__)


@dataclass(frozen=True)
class Softmax(_AlongAxis):
    """``exp(x) / sum(exp(x))`` along ``axis``."""


@dataclass(frozen=True)
class LogSoftmax(_AlongAxis):
    """``x - log(sum(exp(x)))`` along ``axis``."""
