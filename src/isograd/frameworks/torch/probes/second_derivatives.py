"""The derivative of a derivative: of the sum of x³, 6x."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt

X = [0.5, 1.0, -2.0]


def cubes(x: Tensor) -> Tensor:
    return (x * x * x).sum()


def second_derivative(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def derivative(x: Tensor) -> Tensor:
        (first,) = torch.autograd.grad(function(x), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
        return second

    return derivative


def observe(mode: Any) -> dict[str, Any]:
    x = torch.tensor(X, requires_grad=True)
    ways = {
        "of the function": lambda: second_derivative(mode.run(cubes, x)),
        "inside the step": lambda: mode.run(second_derivative(cubes), x),
    }
    found = {name: attempt(lambda f: f()(x).tolist(), way) for name, way in ways.items()}
    return {"right": [6 * value for value in X], "ways": found}
