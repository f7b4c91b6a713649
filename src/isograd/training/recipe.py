"""The recipe of a training: what a script does, described so that it can be followed in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from isograd.errors import unknown
from isograd.training.description import DataSummary, Initialiser
from isograd.training.gradients import Clipping, Decay
from isograd.training.losses import LOSSES, Loss
from isograd.training.optimizers import Adam, AdamW, Optimizer

Floats = NDArray[np.floating]
State = dict[str, dict[str, Floats]]
"""Parameter name to slot name to array."""


@dataclass(frozen=True, init=False)
class Recipe:
    """Everything that a training is made of, but for the network.

    The defaults are what isograd itself trains with; `standard` says whether a recipe has those
    forms, which every mode can follow.

    Attributes:
        loss: the loss, or the name of one of `LOSSES`.
        optimizer: the rule of one parameter.
        batch_size: examples in a step.
        clipping: of gradients, before everything else.
        decay: of weights, beside the one that `AdamW` has by itself.
        schedule: the learning rate of each step; after the last, the last one. Empty: constant.
        frozen: parameters that the optimizer was not given.
        drop_last: whether the last partial batch of an epoch is left out.
        shuffle: whether each epoch has another order.
        epochs: how many; None where it is not known.
        precision: the floating-point type of parameters, or ``parameters/computation``.
        data: what the examples look like.
        initialisers: parameter name to how it is drawn.
        unread: what a script does beside this, in words. Where there is something, the recipe is
            not the whole training, and says nothing about it.

    """

    loss: Loss = LOSSES["cross_entropy"]
    optimizer: Optimizer = field(default_factory=Adam)
    batch_size: int = 64
    clipping: Clipping = field(default_factory=Clipping)
    decay: Decay = field(default_factory=Decay)
    schedule: tuple[float, ...] = ()
    frozen: tuple[str, ...] = ()
    drop_last: bool = True
    shuffle: bool = True
    epochs: int | None = None
    precision: str = "float32"
    data: DataSummary | None = None
    initialisers: Mapping[str, Initialiser] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def __init__(
        self,
        loss: Loss | str = "cross_entropy",
        optimizer: Optimizer | None = None,
        batch_size: int = 64,
        **more: Any,
    ) -> None:
        """Raises `UsageError` for the name of an unknown loss."""
        if isinstance(loss, str):
            if loss not in LOSSES:
                raise unknown("loss", loss, LOSSES)
            loss = LOSSES[loss]
        given = {"loss": loss, "optimizer": optimizer or Adam(), "batch_size": batch_size, **more}
        usual: dict[str, Any] = {
            "initialisers": {},
            "clipping": Clipping(),
            "decay": Decay(),
        }
        for entry in fields(self):
            value = given.pop(entry.name, usual.get(entry.name, entry.default))
            object.__setattr__(self, entry.name, value)
        if given:
            raise TypeError(f"A recipe has no {', '.join(given)}.")

    @property
    def standard(self) -> bool:
        """Whether loss and steps have the forms that isograd itself trains with."""
        plain = Recipe(self.loss, self.optimizer)
        around = ("clipping", "decay", "schedule", "frozen", "unread")
        return (
            self.loss.standard
            and self.optimizer.standard
            and all(getattr(self, name) == getattr(plain, name) for name in around)
        )

    @property
    def canonical(self) -> Self:
        """The same training with weight decay in one place: `AdamW` is Adam with decoupled decay.
        A rate of zero has no form."""
        found = self
        if isinstance(self.optimizer, AdamW):
            numbers = asdict(self.optimizer)
            rate = numbers.pop("weight_decay")
            decay = Decay(rate, "decoupled", self.decay.spared)
            found = replace(self, optimizer=Adam(**numbers), decay=decay)
        return found if found.decay.rate else replace(found, decay=Decay())

    # The steps --------------------------------------------------------------------------------

    def start(self, parameters: Mapping[str, Floats]) -> State:
        """The optimizer's state before the first step."""
        return {
            name: {
                slot: np.full_like(array, self.optimizer.start(slot))
                for slot in self.optimizer.slots
            }
            for name, array in parameters.items()
        }

    def learning_rate(self, step: int) -> float:
        """That of step number ``step`` (1 is the first)."""
        if not self.schedule:
            return self.optimizer.learning_rate
        return self.schedule[min(step, len(self.schedule)) - 1]

    def update(
        self,
        parameters: Mapping[str, Floats],
        gradients: Mapping[str, Floats],
        state: State,
        step: int,
    ) -> dict[str, Floats]:
        """The parameters after step number ``step`` (1 is the first): clipped, decayed, moved.
        ``state`` (see `start`) is replaced in place.
        """
        moving = {name: array for name, array in gradients.items() if name not in self.frozen}
        clipped = self.clipping.apply(moving)
        rate, decay = self.learning_rate(step), self.optimizer.number(self.decay.rate)
        moved = dict(parameters)
        for name, gradient in clipped.items():
            parameter = parameters[name]
            gradient = self.decay.gradient(name, gradient, parameter, decay)
            parameter = self.decay.parameter(name, parameter, decay, rate)
            moved[name] = self.optimizer.update(parameter, gradient, state[name], step, rate)
        return moved

    # Names ------------------------------------------------------------------------------------

    def renamed(self, names: Mapping[str, str]) -> Self:
        """The same recipe for parameters of other names; those without one keep theirs."""

        def new(name: str) -> str:
            return names.get(name, name)

        return replace(
            self,
            decay=replace(self.decay, spared=tuple(sorted(map(new, self.decay.spared)))),
            frozen=tuple(sorted(map(new, self.frozen))),
            initialisers={new(name): how for name, how in self.initialisers.items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """For a report."""
        loss = self.loss.name if self.loss.standard else self.loss.to_dict()
        return {
            "loss": loss,
            "optimizer": self.optimizer.to_dict(),
            "batch_size": self.batch_size,
        }
