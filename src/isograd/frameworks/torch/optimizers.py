"""The optimizers of `isograd.training.optimizers` in PyTorch.

PyTorch's own optimizers have exactly these forms, so that `stock` serves the eager and the traced
mode. `rule` is the same written out, for a step that is compiled as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import Tensor

from isograd.training import SGD, Adam, AdamW, Optimizer, RMSprop

Slots = dict[str, list[Tensor]]

STATE_KEYS = {
    "velocity": "momentum_buffer",
    "moment_1": "exp_avg",
    "moment_2": "exp_avg_sq",
    "mean_square": "square_avg",
}
"""Slot name of the definition to the key in ``torch.optim.Optimizer.state``."""


@singledispatch
def stock(definition: Optimizer, parameters: Sequence[Tensor]) -> torch.optim.Optimizer:
    """PyTorch's optimizer with the definition's hyper-parameters, in its fastest native kernel.

    Raises `NotImplementedError` for a definition without one.
    """
    raise NotImplementedError(f"no PyTorch optimizer for {definition.name}")


@stock.register
def _(definition: SGD, parameters: Sequence[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        parameters,
        lr=definition.learning_rate,
        momentum=definition.momentum,
        nesterov=definition.nesterov,
        fused=True,
    )


@stock.register
def _(definition: Adam, parameters: Sequence[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.Adam(
        parameters,
        lr=definition.learning_rate,
        betas=(definition.beta_1, definition.beta_2),
        eps=definition.epsilon,
        fused=True,
    )


@stock.register
def _(definition: AdamW, parameters: Sequence[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        parameters,
        lr=definition.learning_rate,
        betas=(definition.beta_1, definition.beta_2),
        eps=definition.epsilon,
        weight_decay=definition.weight_decay,
        fused=True,
    )


@stock.register
def _(definition: RMSprop, parameters: Sequence[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(
        parameters,
        lr=definition.learning_rate,
        alpha=definition.rho,
        eps=definition.epsilon,
        momentum=definition.momentum,
    )


@dataclass(frozen=True)
class Rule:
    """An update that a compiler can take in.

    ``apply(parameters, gradients, slots, scalars)`` works in place. ``scalars(step)`` gives the
    numbers that change from step to step (step 1 is the first): they are computed outside of the
    compiled graph, which would otherwise compute them again for every element.
    """

    apply: Callable[[Sequence[Tensor], Sequence[Tensor], Slots, Tensor], None]
    scalars: Callable[[int], tuple[float, ...]] = lambda step: ()


@singledispatch
def rule(definition: Optimizer) -> Rule:
    """The definition as a `Rule`. Raises `NotImplementedError` for a definition without one."""
    raise NotImplementedError(f"no compiled rule for {definition.name}")


@rule.register
def _(definition: SGD) -> Rule:
    rate, momentum = definition.learning_rate, definition.momentum

    def apply(
        parameters: Sequence[Tensor], gradients: Sequence[Tensor], slots: Slots, scalars: Tensor
    ) -> None:
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            direction = gradient
            if momentum:
                velocity = slots["velocity"][i].mul_(momentum).add_(gradient)
                direction = gradient + momentum * velocity if definition.nesterov else velocity
            parameter.sub_(rate * direction)

    return Rule(apply)


@rule.register
def _(definition: Adam) -> Rule:
    beta_1, beta_2, epsilon = definition.beta_1, definition.beta_2, definition.epsilon
    rate = definition.learning_rate
    decay = rate * definition.weight_decay if isinstance(definition, AdamW) else 0.0

    def scalars(step: int) -> tuple[float, ...]:
        return rate / (1.0 - beta_1**step), 1.0 / math.sqrt(1.0 - beta_2**step)

    def apply(
        parameters: Sequence[Tensor], gradients: Sequence[Tensor], slots: Slots, scalars: Tensor
    ) -> None:
        step_size, inverse_root = scalars.unbind()
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            if decay:
                parameter.mul_(1.0 - decay)
            moment_1 = slots["moment_1"][i].mul_(beta_1).add_(gradient, alpha=1.0 - beta_1)
            moment_2 = slots["moment_2"][i].mul_(beta_2)
            moment_2.addcmul_(gradient, gradient, value=1.0 - beta_2)
            parameter.sub_(step_size * moment_1 / (moment_2.sqrt() * inverse_root + epsilon))

    return Rule(apply, scalars)


@rule.register
def _(definition: RMSprop) -> Rule:
    rate, rho, momentum = definition.learning_rate, definition.rho, definition.momentum

    def apply(
        parameters: Sequence[Tensor], gradients: Sequence[Tensor], slots: Slots, scalars: Tensor
    ) -> None:
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            mean_square = slots["mean_square"][i].mul_(rho)
            mean_square.addcmul_(gradient, gradient, value=1.0 - rho)
            direction = gradient / (mean_square.sqrt() + definition.epsilon)
            if momentum:
                direction = slots["velocity"][i].mul_(momentum).add_(direction)
            parameter.sub_(rate * direction)

    return Rule(apply)
