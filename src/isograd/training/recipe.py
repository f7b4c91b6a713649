"""The recipe of a training: one for all sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isograd.errors import unknown
from isograd.training.losses import LOSSES
from isograd.training.optimizers import Adam, Optimizer


@dataclass(frozen=True)
class Recipe:
    """Loss, optimizer and batch size. The last partial batch of an epoch is left out on every side.

    Raises `UsageError` for an unknown loss.
    """

    loss: str = "cross_entropy"
    optimizer: Optimizer = field(default_factory=Adam)
    batch_size: int = 64

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise unknown("loss", self.loss, LOSSES)

    def to_dict(self) -> dict[str, Any]:
        """For a report."""
        return {
            "loss": self.loss,
            "optimizer": self.optimizer.to_dict(),
            "batch_size": self.batch_size,
        }
