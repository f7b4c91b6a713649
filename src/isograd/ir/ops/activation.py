"""Activations: one input, an output of the same shape; `PReLU` alone has a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from isograd.ir.ops.base import (
    Initializer,
    Op,
    ParameterSpec,
    ShapeError,
    TensorType,
    floating,
    normalize_axis,
)
from isograd.ir.ops.checks import check_number, check_positive, check_whole, refuse


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
class HardTanh(_Activation):
    """``min(max(x, minimum), maximum)``, whose derivative is 0 at both bounds, unlike that of
    `Clip`. ``HardTanh(0.0, 6.0)`` is ReLU6.
    """

    minimum: float = -1.0
    maximum: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "minimum", "maximum")
        if self.minimum >= self.maximum:
            refuse(self, "minimum", f"below the maximum {self.maximum!r}")


@dataclass(frozen=True)
class ELU(_Activation):
    """``x`` where x > 0, ``alpha (exp(x) - 1)`` elsewhere (Clevert et al., ICLR 2016)."""

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "alpha")


@dataclass(frozen=True)
class SELU(_Activation):
    """``scale x`` where x > 0, ``scale alpha (exp(x) - 1)`` elsewhere, with the constants of
    Klambauer et al., NeurIPS 2017, appendix A.
    """

    alpha: ClassVar[float] = 1.6732632423543772848170429916717
    scale: ClassVar[float] = 1.0507009873554804934193349852946


@dataclass(frozen=True)
class CELU(_Activation):
    """``x`` where x > 0, ``alpha (exp(x / alpha) - 1)`` elsewhere (Barron, 2017)."""

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_positive(self, "alpha")


@dataclass(frozen=True)
class Softplus(_Activation):
    """``log(1 + exp(beta x)) / beta``; ``x`` itself where ``beta x`` is above ``threshold``, unless
    that is None. Keras has no threshold.
    """

    beta: float = 1.0
    threshold: float | None = 20.0

    def __post_init__(self) -> None:
        check_positive(self, "beta")
        if self.threshold is not None:
            check_number(self, "threshold")


@dataclass(frozen=True)
class Softsign(_Activation):
    """``x / (1 + |x|)``."""


@dataclass(frozen=True)
class Mish(_Activation):
    """``x tanh(log(1 + exp(x)))`` (Misra, BMVC 2020)."""


@dataclass(frozen=True)
class LogSigmoid(_Activation):
    """``-log(1 + exp(-x))``."""


@dataclass(frozen=True)
class PReLU(_Activation):
    """``x`` where x > 0, ``weight x`` elsewhere (He et al., ICCV 2015).

    Parameters: ``weight`` [num_parameters], which starts at 0.25: one slope for all, or one for
    each index of axis 1.
    """

    num_parameters: int = 1

    def __post_init__(self) -> None:
        check_whole(self, "num_parameters", minimum=1)

    def infer(self, *inputs: TensorType) -> TensorType:
        x = super().infer(*inputs)
        if x.rank == 0:
            raise ShapeError("PReLU needs at least one axis")
        channels = x.shape[1] if x.rank > 1 else 1
        if self.num_parameters not in (1, channels):
            raise ShapeError(f"PReLU has {self.num_parameters} slopes for {channels} channels")
        return x

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        return {"weight": ParameterSpec((self.num_parameters,), Initializer("constant", 0.25))}


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
