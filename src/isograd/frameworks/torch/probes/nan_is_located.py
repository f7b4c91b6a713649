"""A logarithm and a root of a negative number: does the framework's own search name the line?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt, line_of, warned


def not_a_value(x: Tensor) -> Tensor:
    """NaN in the forward pass alone: the derivative, 1/x, is a number."""
    scaled = x * 3
    logs = torch.log(scaled)  # value
    return (logs * 2).sum()


def not_a_gradient(x: Tensor) -> Tensor:
    """NaN in both passes."""
    scaled = x * 3
    roots = torch.sqrt(scaled)  # gradient
    return (roots * 2).sum()


def searched(mode: Any, loss: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    x = torch.tensor([1.0, -1.0], requires_grad=True)

    def gradient() -> Any:
        with torch.autograd.detect_anomaly(check_nan=True):
            mode.run(loss, x)(x).backward()
        assert x.grad is not None
        return x.grad.tolist()

    with warned() as warnings:
        call = attempt(gradient)
    return call | {"warnings": [text for text in warnings if "detected in" in text]}


def observe(mode: Any) -> dict[str, Any]:
    return {
        "value": searched(mode, not_a_value) | {"line": line_of(__file__, "value")},
        "gradient": searched(mode, not_a_gradient) | {"line": line_of(__file__, "gradient")},
    }
