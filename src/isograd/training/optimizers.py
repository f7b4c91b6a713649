"""Optimizers, each defined once in NumPy; both frameworks follow these definitions exactly.

The forms are those of the papers, which are also PyTorch's. Keras' own differ (epsilon is added
before the bias correction in Adam and inside the root in RMSprop, and some hyper-parameters pass
through float32), so that the TensorFlow side writes the form below instead. What a user's script
does may have another form: fields such as ``epsilon_form`` say which.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Slots = dict[str, Floats]


@dataclass(frozen=True)
class Optimizer:
    """Base of all optimizers. ``slots`` names the state kept for each parameter.

    ``forms`` names the fields that choose a form instead of giving a number. ``single`` says that
    the numbers which Keras casts from Python (``tf.cast(0.9, "float64")``) have passed through
    float32: the momentum of SGD, the betas in Adam's bias correction, the weight decay.
    """

    learning_rate: float = 1e-3
    single: bool = field(default=False, kw_only=True)

    name: ClassVar[str]
    forms: ClassVar[tuple[str, ...]] = ("single",)

    @property
    def slots(self) -> tuple[str, ...]:
        return ()

    def start(self, slot: str) -> float:
        """What a slot holds before the first step."""
        return 0.0

    @property
    def standard(self) -> bool:
        """Whether it has the form that isograd itself trains with."""
        usual = {entry.name: entry.default for entry in fields(self)}
        return all(getattr(self, name) == usual[name] for name in self.forms)

    def update(
        self,
        parameter: Floats,
        gradient: Floats,
        slots: Slots,
        step: int,
        rate: float | None = None,
    ) -> Floats:
        """The parameter after step number ``step`` (1 is the first); ``slots`` is replaced in
        place. ``rate`` is the learning rate of this step, where it is another."""
        raise NotImplementedError

    def number(self, value: float) -> float:
        """A hyper-parameter as the optimizer has it (see ``single``)."""
        return float(np.float32(value)) if self.single else value

    def to_dict(self) -> dict[str, Any]:
        """Name, hyper-parameters, and forms that are not the standard one; for a report."""
        given = {entry.name: entry for entry in fields(self)}
        return {"name": self.name} | {
            name: getattr(self, name)
            for name, entry in given.items()
            if name not in self.forms or getattr(self, name) != entry.default
        }

    def _rate(self, rate: float | None) -> float:
        return self.learning_rate if rate is None else rate


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent; ``velocity = momentum * velocity + gradient``, and the step is
    ``learning_rate * velocity`` (Nesterov: ``learning_rate * (gradient + momentum * velocity)``).

    With ``rate_inside``, the velocity holds the learning rate: the same only while it is constant.
    ``dampening`` takes a part of each gradient but the first from the velocity.

    Source: the documentation of ``torch.optim.SGD``; Sutskever et al., ICML 2013, and
    ``keras.optimizers.SGD`` put the learning rate inside the velocity.
    """

    learning_rate: float = 1e-2
    momentum: float = 0.0
    nesterov: bool = False
    dampening: float = 0.0
    rate_inside: bool = False

    name: ClassVar[str] = "sgd"
    forms: ClassVar[tuple[str, ...]] = ("single", "rate_inside", "dampening")

    @property
    def slots(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def update(
        self,
        parameter: Floats,
        gradient: Floats,
        slots: Slots,
        step: int,
        rate: float | None = None,
    ) -> Floats:
        rate = self._rate(rate)
        if not self.momentum:
            return parameter - rate * gradient
        momentum = self.number(self.momentum)
        inside, outside = (rate, 1.0) if self.rate_inside else (1.0, rate)
        share = 1.0 - self.dampening if step > 1 else 1.0
        velocity = momentum * slots["velocity"] + share * inside * gradient
        slots["velocity"] = velocity
        direction = inside * gradient + momentum * velocity if self.nesterov else velocity
        return parameter - outside * direction


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam in the form of Kingma and Ba, ICLR 2015, algorithm 1: epsilon is added to the root of
    the *bias-corrected* second moment, as ``torch.optim.Adam`` does.

    Keras adds it before the correction (the paper's "epsilon hat", section 2), which is another
    optimizer where gradients are small: ``epsilon_form`` "hat". ``amsgrad`` divides by the largest
    second moment so far (Reddi et al., ICLR 2018), the largest one before the bias correction in
    both frameworks.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    epsilon_form: Literal["corrected", "hat"] = "corrected"
    amsgrad: bool = False

    name: ClassVar[str] = "adam"
    forms: ClassVar[tuple[str, ...]] = ("single", "epsilon_form", "amsgrad")

    @property
    def slots(self) -> tuple[str, ...]:
        largest = ("largest_moment_2",) if self.amsgrad else ()
        return ("moment_1", "moment_2", *largest)

    def update(
        self,
        parameter: Floats,
        gradient: Floats,
        slots: Slots,
        step: int,
        rate: float | None = None,
    ) -> Floats:
        moment_1 = self.beta_1 * slots["moment_1"] + (1.0 - self.beta_1) * gradient
        moment_2 = self.beta_2 * slots["moment_2"] + (1.0 - self.beta_2) * gradient**2
        slots["moment_1"], slots["moment_2"] = moment_1, moment_2
        if self.amsgrad:
            moment_2 = np.maximum(slots["largest_moment_2"], moment_2)
            slots["largest_moment_2"] = moment_2
        corrected_1 = moment_1 / (1.0 - self.number(self.beta_1) ** step)
        correction_2 = 1.0 - self.number(self.beta_2) ** step
        if self.epsilon_form == "hat":
            root = (np.sqrt(moment_2) + self.epsilon) / np.sqrt(correction_2)
        else:
            root = np.sqrt(moment_2 / correction_2) + self.epsilon
        return np.asarray(parameter - self._rate(rate) * corrected_1 / root)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: the parameter is first multiplied by
    ``1 - learning_rate * weight_decay``.

    Source: Loshchilov and Hutter, ICLR 2019, algorithm 2, with the decay scaled by the learning
    rate as in the documentation of ``torch.optim.AdamW``.
    """

    weight_decay: float = 1e-2

    name: ClassVar[str] = "adamw"

    def update(
        self,
        parameter: Floats,
        gradient: Floats,
        slots: Slots,
        step: int,
        rate: float | None = None,
    ) -> Floats:
        decayed = parameter * (1.0 - self._rate(rate) * self.number(self.weight_decay))
        return super().update(decayed, gradient, slots, step, rate)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop with epsilon *outside* the root and the learning rate outside the momentum.

    Source: Hinton's lecture 6e; the placement is that of ``torch.optim.RMSprop``'s documentation.
    Keras adds epsilon inside the root (``epsilon_form``) and keeps the learning rate inside the
    momentum (``rate_inside``). ``centered`` takes the square of the mean gradient off (Graves,
    2013).
    """

    learning_rate: float = 1e-3
    rho: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0
    epsilon_form: Literal["outside", "inside"] = "outside"
    rate_inside: bool = False
    centered: bool = False

    name: ClassVar[str] = "rmsprop"
    forms: ClassVar[tuple[str, ...]] = ("single", "epsilon_form", "rate_inside", "centered")

    @property
    def slots(self) -> tuple[str, ...]:
        velocity = ("velocity",) if self.momentum else ()
        return ("mean_square", *velocity, *(("mean",) if self.centered else ()))

    def update(
        self,
        parameter: Floats,
        gradient: Floats,
        slots: Slots,
        step: int,
        rate: float | None = None,
    ) -> Floats:
        mean_square = self.rho * slots["mean_square"] + (1.0 - self.rho) * gradient**2
        slots["mean_square"] = spread = mean_square
        if self.centered:
            slots["mean"] = self.rho * slots["mean"] + (1.0 - self.rho) * gradient
            spread = mean_square - slots["mean"] ** 2
        inside, outside = 1.0, self._rate(rate)
        if self.rate_inside:
            inside, outside = outside, inside
        direction = inside * gradient / _root(spread, self.epsilon, self.epsilon_form)
        if self.momentum:
            direction = slots["velocity"] = self.momentum * slots["velocity"] + direction
        return np.asarray(parameter - outside * direction)


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Every gradient is divided by the root of the sum of all squares so far.

    Source: Duchi et al., JMLR 2011; ``torch.optim.Adagrad`` has epsilon outside the root, divides
    the learning rate by ``1 + (step - 1) * rate_decay`` and starts at 0, ``keras.optimizers
    .Adagrad`` has epsilon inside and starts at 0.1.
    """

    learning_rate: float = 1e-2
    epsilon: float = 1e-10
    initial: float = 0.0
    rate_decay: float = 0.0
    epsilon_form: Literal["outside", "inside"] = "outside"

    name: ClassVar[str] = "adagrad"
    forms: ClassVar[tuple[str, ...]] = ("single", "epsilon_form")

    @property
    def slots(self) -> tuple[str, ...]:
        return ("sum_square",)

    def start(self, slot: str) -> float:
        return self.initial

    def update(
        self,
        parameter: Floats,
        gradient: Floats,
        slots: Slots,
        step: int,
        rate: float | None = None,
    ) -> Floats:
        slots["sum_square"] = slots["sum_square"] + gradient**2
        rate = self._rate(rate) / (1.0 + (step - 1) * self.rate_decay)
        root = _root(slots["sum_square"], self.epsilon, self.epsilon_form)
        return np.asarray(parameter - rate * gradient / root)


def _root(square: Floats, epsilon: float, form: str) -> Floats:
    """The denominator, with epsilon ``inside`` or ``outside`` the root."""
    return np.asarray(np.sqrt(square + epsilon) if form == "inside" else np.sqrt(square) + epsilon)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    optimizer.name: optimizer for optimizer in (SGD, Adam, AdamW, RMSprop)
}
"""Optimizer name to definition."""
