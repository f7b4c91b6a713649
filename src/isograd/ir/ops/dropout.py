"""Regularisation by leaving values out: `Dropout`."""

from __future__ import annotations

from dataclasses import dataclass

from isograd.ir.ops.base import Op, TensorType, floating
from isograd.ir.ops.checks import check_number, refuse


@dataclass(frozen=True)
class Dropout(Op):
    """Inverted dropout: in training each value becomes 0 with probability ``p`` and is divided by
    ``1 - p`` otherwise; in evaluation nothing changes.

    ``p`` is at least 0 and below 1. Source: Srivastava et al., JMLR 15, 2014, with the scaling
    moved to training, as both frameworks have it.
    """

    p: float

    def __post_init__(self) -> None:
        check_number(self, "p")
        if not 0 <= self.p < 1:
            refuse(self, "p", "at least 0 and below 1")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return floating(x, "Dropout")
