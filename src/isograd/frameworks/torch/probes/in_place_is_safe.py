"""A value that the gradient needs is changed in place: is the gradient right, or refused?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt

X = [0.0, 1.0]


def changed(x: Tensor) -> Tensor:
    grown = torch.exp(x)  # its derivative is its own value
    grown.add_(1)
    return grown.sum()


def observe(mode: Any) -> dict[str, Any]:
    x = torch.tensor(X, requires_grad=True)

    def gradient() -> Any:
        mode.run(changed, x)(x).backward()
        assert x.grad is not None
        return x.grad.tolist()

    return {"gradient": attempt(gradient), "right": torch.tensor(X).exp().tolist()}
