"""A rounding whose gradient is declared to be 1 (a straight-through estimator): is it kept?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt

X = [0.2, 1.7]


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        return torch.round(x)

    @staticmethod
    def backward(context: Any, upstream: Tensor) -> Tensor:
        return upstream


def loss(x: Tensor) -> Tensor:
    return (Rounded.apply(x) * 3).sum()


def observe(mode: Any) -> dict[str, Any]:
    x = torch.tensor(X, requires_grad=True)

    def differentiated() -> Any:
        (gradient,) = torch.autograd.grad(mode.run(loss, x)(x), x)
        return gradient.tolist()

    return {"right": [3.0, 3.0], "ways": {"of the function": attempt(differentiated)}}
