"""The losses of `isograd.training.losses`, in PyTorch's own functions."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """PyTorch's own wants the classes on axis 1, not on the last. It leaves out targets of -100,
    `isograd.training.losses.IGNORED`, by default: which class indices never are."""
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten())


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "mean_squared_error": F.mse_loss,
    "token_cross_entropy": _cross_entropy,
}
