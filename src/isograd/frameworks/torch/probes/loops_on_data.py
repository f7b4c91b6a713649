"""A Python `while` on a value: does it go round as often as the value of each call demands?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt, warned


def halve(x: Tensor) -> Tensor:
    while x.sum() > 1:
        x = x / 2
    return x


def observe(mode: Any) -> dict[str, Any]:
    small, large = torch.tensor([2.0]), torch.tensor([48.0])
    with warned() as warnings:
        built = attempt(lambda: mode.run(halve, small))
        if "error" in built:
            return {"built": built}
        run = built["value"]
        calls = [attempt(lambda x: run(x).tolist(), x) for x in (small, large)]
    return {"calls": calls, "right": [[1.0], [0.75]], "warnings": warnings}
