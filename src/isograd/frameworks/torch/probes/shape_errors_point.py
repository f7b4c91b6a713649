"""A matrix of the wrong shape in the second of three products: what does the error point at?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt, line_of

FIRST, SECOND, THIRD = torch.ones(3, 4), torch.ones(5, 4), torch.ones(4, 2)


def network(x: Tensor) -> Tensor:
    hidden = torch.relu(x @ FIRST)
    hidden = torch.relu(hidden @ SECOND)  # wrong
    return hidden @ THIRD


def observe(mode: Any) -> dict[str, Any]:
    x = torch.ones(2, 3)
    call = attempt(lambda: mode.run(network, x)(x).tolist())
    return {"line": line_of(__file__, "wrong"), "shapes": ["2, 4", "5, 4"], "call": call}
