"""The optimizers of `isograd.training.optimizers` in PyTorch.

PyTorch's own optimizers have exactly these forms, so that `stock` serves the eager and the traced
mode. `update` is the same rule written out in place, for a step that is compiled as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


Update = Callable[[Sequence[Tensor], Sequence[Tensor], Slots, Tensor], None]
"""``update(parameters, gradients, slots, step)``, in place; ``step`` is float64 [1]."""


@singledispatch
def update(definition: Optimizer) -> Update:
    """The rule as a function that a compiler can take in.

    Raises `NotImplementedError` for a definition without one.
    """
    raise NotImplementedError(f"no compiled rule for {definition.name}")


@update.register
def _(definition: SGD) -> Update:
    rate, momentum = definition.learning_rate, definition.momentum

    def sgd(
        parameters: Sequence[Tensor], gradients: Sequence[Tensor], slots: Slots, step: Tensor
    ) -> None:
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            direction = gradient
            if momentum:
                velocity = slots["velocity"][i].mul_(momentum).add_(gradient)
                direction = gradient + momentum * velocity if definition.nesterov else velocity
            parameter.sub_(rate * direction)

    return sgd


@update.register
def _(definition: Adam) -> Update:
    rate, beta_1, beta_2 = definition.learning_rate, definition.beta_1, definition.beta_2
    decay = rate * definition.weight_decay if isinstance(definition, AdamW) else 0.0

    def adam(
        parameters: Sequence[Tensor], gradients: Sequence[Tensor], slots: Slots, step: Tensor
    ) -> None:
        correction_1, correction_2 = 1.0 - beta_1**step, torch.sqrt(1.0 - beta_2**step)
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            step_size = (rate / correction_1).to(parameter.dtype)
            root_correction = correction_2.to(parameter.dtype)
            if decay:
                parameter.mul_(1.0 - decay)
            moment_1 = slots["moment_1"][i].mul_(beta_1).add_(gradient, alpha=1.0 - beta_1)
            moment_2 = slots["moment_2"][i].mul_(beta_2)
            moment_2.addcmul_(gradient, gradient, value=1.0 - beta_2)
            denominator = moment_2.sqrt() / root_correction + definition.epsilon
            parameter.sub_(step_size * moment_1 / denominator)

    return adam


@update.register
def _(definition: RMSprop) -> Update:
    rate, rho, momentum = definition.learning_rate, definition.rho, definition.momentum

    def rmsprop(
        parameters: Sequence[Tensor], gradients: Sequence[Tensor], slots: Slots, step: Tensor
    ) -> None:
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            mean_square = slots["mean_square"][i].mul_(rho)
            mean_square.addcmul_(gradient, gradient, value=1.0 - rho)
            direction = gradient / (mean_square.sqrt() + definition.epsilon)
            if momentum:
                direction = slots["velocity"][i].mul_(momentum).add_(direction)
            parameter.sub_(rate * direction)

    return rmsprop
