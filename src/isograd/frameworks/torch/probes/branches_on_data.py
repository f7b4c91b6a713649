"""A Python `if` on a value: are both sides taken, each when it should be?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt, warned


def branch(x: Tensor) -> Tensor:
    if x.sum() > 0:
        return x * 2
    return x - 1


def observe(mode: Any) -> dict[str, Any]:
    positive, negative = torch.tensor([1.0, 2.0]), torch.tensor([-1.0, -2.0])
    with warned() as warnings:
        built = attempt(lambda: mode.run(branch, positive))
        if "error" in built:
            return {"built": built}
        run = built["value"]
        calls = [attempt(lambda x: run(x).tolist(), x) for x in (positive, negative)]
    return {"calls": calls, "right": [[2.0, 4.0], [-2.0, -3.0]], "warnings": warnings}
