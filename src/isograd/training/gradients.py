"""What happens to gradients and parameters around an optimizer's own rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Named = Mapping[str, Floats]


@dataclass(frozen=True)
class Clipping:
    """How gradients are kept small before the optimizer sees them.

    ``value`` keeps each element in [-limit, limit]; ``norm`` shrinks each tensor, ``global_norm``
    all of them together, to the length ``limit``. ``epsilon`` is added to the length that is
    divided by: ``torch.nn.utils.clip_grad_norm_`` has 1e-6, Keras none.
    """

    kind: Literal["none", "value", "norm", "global_norm"] = "none"
    limit: float = 0.0
    epsilon: float = 0.0

    def apply(self, gradients: Named) -> dict[str, Floats]:
        """Clipped gradients by name."""
        if self.kind == "none":
            return dict(gradients)
        if self.kind == "value":
            return {n: np.clip(g, -self.limit, self.limit) for n, g in gradients.items()}
        if self.kind == "norm":
            return {n: g * self._factor(_length([g])) for n, g in gradients.items()}
        factor = self._factor(_length(list(gradients.values())))
        return {n: g * factor for n, g in gradients.items()}

    def _factor(self, length: float) -> float:
        length += self.epsilon
        return min(1.0, self.limit / length) if length else 1.0


def _length(tensors: list[Floats]) -> float:
    return float(np.sqrt(sum(float((tensor**2).sum()) for tensor in tensors)))


@dataclass(frozen=True)
class Decay:
    """Weight decay. ``coupled`` adds ``rate * parameter`` to the gradient, after clipping, as
    PyTorch's optimizers but AdamW do; ``decoupled`` multiplies the parameter by ``1 -
    learning_rate * rate`` before the step, as AdamW and all of Keras' optimizers do.

    ``spared`` names parameters that do not decay.
    """

    rate: float = 0.0
    form: Literal["coupled", "decoupled"] = "coupled"
    spared: tuple[str, ...] = ()

    def gradient(self, name: str, gradient: Floats, parameter: Floats, rate: float) -> Floats:
        """The gradient that the optimizer sees."""
        if not rate or self.form != "coupled" or name in self.spared:
            return gradient
        return gradient + rate * parameter

    def parameter(self, name: str, parameter: Floats, rate: float, learning_rate: float) -> Floats:
        """The parameter that the optimizer starts from."""
        if not rate or self.form != "decoupled" or name in self.spared:
            return parameter
        return parameter * (1.0 - learning_rate * rate)
