"""Predictions [N, 1] against targets [N]: is the loss that nobody meant noticed?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from isograd.probes.watching import attempt, warned

PREDICTIONS, TARGETS = torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([1.0, 2.0, 3.0])


def by_hand(predictions: Tensor, targets: Tensor) -> Tensor:
    return ((predictions - targets) ** 2).mean()


def observe(mode: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"meant": by_hand(PREDICTIONS[:, 0], TARGETS).item()}
    losses = {"by hand": by_hand, "the framework's own": functional.mse_loss}
    for name, loss in losses.items():
        with warned() as warnings:
            found[name] = attempt(
                lambda f: mode.run(f, PREDICTIONS, TARGETS)(PREDICTIONS, TARGETS).item(), loss
            )
        found[name]["warnings"] = [text for text in warnings if "size" in text]
    return found
