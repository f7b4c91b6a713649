"""Optimizers, each defined once in NumPy; both frameworks follow these definitions exactly.

The forms are those of the papers, which are also PyTorch's. Keras' own differ (epsilon is added
before the bias correction in Adam and inside the root in RMSprop, and hyper-parameters are held in
float32), so that the TensorFlow side writes the form below instead.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Slots = dict[str, Floats]


@dataclass(frozen=True)
class Optimizer:
    """Base of all optimizers. ``slots`` names the state kept for each parameter, all starting at
    zero."""

    learning_rate: float = 1e-3

    name: ClassVar[str]

    @property
    def slots(self) -> tuple[str, ...]:
        return ()

    def update(self, parameter: Floats, gradient: Floats, slots: Slots, step: int) -> Floats:
        """The parameter after step number ``step`` (1 is the first); ``slots`` is replaced in
        place."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Name and hyper-parameters, for a report."""
        return {"name": self.name, **asdict(self)}


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent; ``velocity = momentum * velocity + gradient``, and the step is
    ``learning_rate * velocity`` (Nesterov: ``learning_rate * (gradient + momentum * velocity)``).

    Source: the documentation of ``torch.optim.SGD``, with dampening 0; Sutskever et al., ICML 2013,
    put the learning rate inside the velocity, which is the same only while it is constant.
    """

    learning_rate: float = 1e-2
    momentum: float = 0.0
    nesterov: bool = False

    name: ClassVar[str] = "sgd"

    @property
    def slots(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def update(self, parameter: Floats, gradient: Floats, slots: Slots, step: int) -> Floats:
        if not self.momentum:
            return parameter - self.learning_rate * gradient
        velocity = slots["velocity"] = self.momentum * slots["velocity"] + gradient
        direction = gradient + self.momentum * velocity if self.nesterov else velocity
        return parameter - self.learning_rate * direction


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam in the form of Kingma and Ba, ICLR 2015, algorithm 1: epsilon is added to the root of
    the *bias-corrected* second moment, as ``torch.optim.Adam`` does.

    Keras adds it before the correction (the paper's "epsilon hat", section 2), which is another
    optimizer where gradients are small.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adam"

    @property
    def slots(self) -> tuple[str, ...]:
        return ("moment_1", "moment_2")

    def update(self, parameter: Floats, gradient: Floats, slots: Slots, step: int) -> Floats:
        moment_1 = self.beta_1 * slots["moment_1"] + (1.0 - self.beta_1) * gradient
        moment_2 = self.beta_2 * slots["moment_2"] + (1.0 - self.beta_2) * gradient**2
        slots["moment_1"], slots["moment_2"] = moment_1, moment_2
        corrected_1 = moment_1 / (1.0 - self.beta_1**step)
        corrected_2 = moment_2 / (1.0 - self.beta_2**step)
        step_size = self.learning_rate * corrected_1 / (np.sqrt(corrected_2) + self.epsilon)
        return parameter - step_size


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: the parameter is first multiplied by
    ``1 - learning_rate * weight_decay``.

    Source: Loshchilov and Hutter, ICLR 2019, algorithm 2, with the decay scaled by the learning
    rate as in the documentation of ``torch.optim.AdamW``.
    """

    weight_decay: float = 1e-2

    name: ClassVar[str] = "adamw"

    def update(self, parameter: Floats, gradient: Floats, slots: Slots, step: int) -> Floats:
        decayed = parameter * (1.0 - self.learning_rate * self.weight_decay)
        return super().update(decayed, gradient, slots, step)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop with epsilon *outside* the root and the learning rate outside the momentum.

    Source: Hinton's lecture 6e; the placement is that of ``torch.optim.RMSprop``'s documentation.
    Keras adds epsilon inside the root and keeps the learning rate inside the momentum.
    """

    learning_rate: float = 1e-3
    rho: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0

    name: ClassVar[str] = "rmsprop"

    @property
    def slots(self) -> tuple[str, ...]:
        return ("mean_square", "velocity") if self.momentum else ("mean_square",)

    def update(self, parameter: Floats, gradient: Floats, slots: Slots, step: int) -> Floats:
        mean_square = self.rho * slots["mean_square"] + (1.0 - self.rho) * gradient**2
        slots["mean_square"] = mean_square
        direction = gradient / (np.sqrt(mean_square) + self.epsilon)
        if self.momentum:
            direction = slots["velocity"] = self.momentum * slots["velocity"] + direction
        return parameter - self.learning_rate * direction


OPTIMIZERS: dict[str, type[Optimizer]] = {
    optimizer.name: optimizer for optimizer in (SGD, Adam, AdamW, RMSprop)
}
"""Optimizer name to definition."""
