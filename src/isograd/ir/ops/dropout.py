"""Regularisation by leaving values out: `Dropout`."""

from __future__ import annotations

from dataclasses import dataclass

from isograd.ir.ops.base import Op, Shape, TensorType, floating, normalize_axis
from isograd.ir.ops.checks import check_number, check_sizes, refuse


@dataclass(frozen=True)
class Dropout(Op):
    """Inverted dropout: in training each value becomes 0 with probability ``p`` and is divided by
    ``1 - p`` otherwise; in evaluation nothing changes.

    ``p`` is at least 0 and below 1. Along the ``shared`` axes one draw stands for all: the mask has
    size 1 there. ``Dropout(p, shared=(2, 3))`` leaves out whole channels of an image (Tompson et
    al., CVPR 2015), ``shared=(1, 2, 3)`` a whole sample (stochastic depth, Huang et al., ECCV
    2016). Source: Srivastava et al., JMLR 15, 2014, with the scaling
    moved to training, as both frameworks have it.
    """

    p: float
    shared: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_number(self, "p")
        if not 0 <= self.p < 1:
            refuse(self, "p", "at least 0 and below 1")
        if self.shared != ():
            check_sizes(self, "shared", minimum=None)

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        self.mask_shape(x.shape)
        return floating(x, "Dropout")

    def mask_shape(self, shape: Shape) -> Shape:
        """The shape of the mask for an input of this one. Raises `ShapeError` where a shared axis
        is out of range.
        """
        shared = {normalize_axis(axis, len(shape)) for axis in self.shared}
        return tuple(1 if axis in shared else size for axis, size in enumerate(shape))
