"""Ops that change the spatial sizes of [N, C, *spatial]: `Resize`, adaptive pooling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isograd.ir.ops.base import Op, ShapeError, TensorType, floating, static
from isograd.ir.ops.checks import check_flag, check_sizes, is_number, refuse


@dataclass(frozen=True)
class Resize(Op):
    """Another number of places along each spatial axis, as
    ``torch.nn.functional.interpolate`` documents it: to ``size``, or times ``scale``, rounded down.

    ``nearest`` takes place ``floor(i / factor)``; ``bilinear`` (of any number of axes) weighs the
    two next places along each axis, whose centres lie half a place inside, or with
    ``align_corners`` at the corners; ``nearest`` knows no such difference and takes no notice of
    it. The factor is ``scale`` where that is given, else the ratio of the sizes.
    """

    size: tuple[int, ...] | None
    scale: tuple[float, ...] | None
    mode: Literal["nearest", "bilinear"]
    align_corners: bool = False

    def __post_init__(self) -> None:
        if (self.size is None) == (self.scale is None):
            refuse(self, "size", "given, or else the scale")
        if self.size is not None:
            check_sizes(self, "size")
        scale = self.scale if self.scale is not None else (1.0,)
        if not (isinstance(scale, tuple) and all(is_number(s) and s > 0 for s in scale)):
            refuse(self, "scale", "a tuple of numbers above 0")
        if self.mode not in ("nearest", "bilinear"):
            refuse(self, "mode", "'nearest' or 'bilinear'")
        check_flag(self, "align_corners")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, "Resize")
        factors = self.size or self.scale or ()
        if x.rank != len(factors) + 2:
            raise ShapeError(f"Resize needs [N, C] and {len(factors)} spatial axes, got {x.shape}")
        if self.size is not None:
            return x.with_shape((*x.shape[:2], *self.size))
        old = [static(size, "a size that is scaled") for size in x.shape[2:]]
        new = tuple(int(size * factor) for size, factor in zip(old, factors, strict=True))
        if min(new) < 1:
            raise ShapeError(f"Resize of {x.shape} by {self.scale} leaves nothing")
        return x.with_shape((*x.shape[:2], *new))


@dataclass(frozen=True)
class _AdaptivePool(Op):
    """To ``output_size`` places: place i covers ``floor(i in / out)`` to ``ceil((i + 1) in / out)``
    of the input (as ``torch.nn.AdaptiveAvgPool2d``). Needs known sizes.
    """

    output_size: tuple[int, ...]

    def __post_init__(self) -> None:
        check_sizes(self, "output_size")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, type(self).__name__)
        if x.rank != len(self.output_size) + 2:
            raise ShapeError(
                f"{type(self).__name__} needs [N, C] and {len(self.output_size)} spatial axes, "
                f"got {x.shape}"
            )
        for size in x.shape[2:]:
            static(size, "a size that is pooled adaptively")
        return x.with_shape((*x.shape[:2], *self.output_size))


@dataclass(frozen=True)
class AdaptiveAvgPool(_AdaptivePool):
    """The mean of what each place covers."""


@dataclass(frozen=True)
class AdaptiveMaxPool(_AdaptivePool):
    """The largest value of what each place covers; the gradient goes to the first of them."""
