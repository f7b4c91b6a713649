"""A long loop: does memory grow, with tensors as arguments, and with a number that changes?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt, growth

WARM, STEPS = 50, 500


def step(x: Tensor, rate: Any) -> Tensor:
    return (torch.tanh(x) * rate).sum()


def observe(mode: Any) -> dict[str, Any]:
    x = torch.ones(8, 8)

    def with_tensors() -> float:
        run = mode.run(step, x, torch.tensor(0.0))
        return growth(lambda number: run(x, torch.tensor(float(number))), WARM, STEPS)

    def with_numbers() -> float:
        run = mode.run(step, x, 0.0)
        return growth(lambda number: run(x, float(number)), WARM, STEPS)

    return {"steps": STEPS, "tensors": attempt(with_tensors), "numbers": attempt(with_numbers)}
