"""Convolution over one to three spatial axes: `Conv`, `Convolve`, `ConvTranspose`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import (
    Dim,
    Initializer,
    Op,
    ParameterSpec,
    ShapeError,
    TensorType,
    floating,
    static,
)
from isograd.ir.ops.checks import check_flag, check_sizes, check_whole, refuse
from isograd.ir.ops.windows import (
    Padding,
    check_windows,
    count_windows,
    spatial,
    spread,
    symmetric,
)
from isograd.ir.sizes import add, multiply


@dataclass(frozen=True)
class Conv(Op):
    """Cross-correlation of [N, C, *spatial] with a bank of kernels, as deep learning calls
    convolution: ``y[n, o, p] = bias[o] + sum over c, k of weight[o, c, k] x[n, c, p stride +
    k dilation - before]``, zeros outside the input. With ``groups``, output channels see the
    input channels of their own group only.

    ``padding`` holds (before, after) for each spatial axis, which need not be equal. Output sizes
    are those of `count_windows`.

    Parameters: ``weight`` [out_channels, in_channels / groups, *kernel_size], ``bias``
    [out_channels]. Both start uniform in +-1/sqrt(fan_in), fan_in being in_channels / groups times
    the kernel's size, which is what ``torch.nn.Conv2d`` documents.
    """

    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        check_whole(self, "out_channels", "groups", minimum=1)
        check_windows(self, "stride", "dilation")
        check_flag(self, "bias")
        if self.out_channels % self.groups:
            raise ValueError(
                f"Conv: out_channels ({self.out_channels}) must be a multiple of "
                f"groups ({self.groups})"
            )

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        sizes = spatial(floating(x, "Conv"), len(self.kernel_size), "Conv")
        self._group_channels(x)
        windows = zip(
            sizes, self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        counts = (count_windows(*window) for window in windows)
        return x.with_shape((x.shape[0], self.out_channels, *counts))

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        (x,) = inputs
        kernel = (self._group_channels(x), *self.kernel_size)
        init = Initializer("uniform", 1 / math.sqrt(math.prod(kernel)))
        specs = {"weight": ParameterSpec((self.out_channels, *kernel), init)}
        if self.bias:
            specs["bias"] = ParameterSpec((self.out_channels,), init)
        return specs

    def _group_channels(self, x: TensorType) -> int:
        channels = static(x.shape[1], "the number of input channels")
        if channels % self.groups:
            raise ShapeError(f"{channels} input channels do not divide into {self.groups} groups")
        return channels // self.groups


@dataclass(frozen=True)
class Convolve(Op):
    """`Conv` whose kernels are the second value, [out_channels, in_channels / groups,
    *kernel_size], as where weights are normalised before they are used; without a bias.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]
    groups: int = 1
    arity: ClassVar[int | tuple[int, int] | None] = 2

    def __post_init__(self) -> None:
        check_whole(self, "groups", minimum=1)
        check_windows(self, "stride", "dilation")

    def infer(self, *inputs: TensorType) -> TensorType:
        x, weight = inputs
        channels = static(floating(weight, "Convolve").shape[0], "the number of output channels")
        layer = Conv(channels, *self._window(), self.groups, False)
        expected = layer.parameters(floating(x, "Convolve"))["weight"].shape
        if weight.shape != expected:
            raise ShapeError(f"Convolve needs kernels of shape {expected}, got {weight.shape}")
        return layer.infer(x)

    def _window(self) -> tuple[tuple[int, ...], tuple[int, ...], Padding, tuple[int, ...]]:
        return self.kernel_size, self.stride, self.padding, self.dilation


@dataclass(frozen=True)
class ConvTranspose(Op):
    """The transpose of `Conv` as a linear map, of [N, C, *spatial]: each input place adds its
    kernel, ``weight[c, o, k]``, to the outputs from ``p stride - before`` on, ``dilation`` apart.

    Output sizes are ``(size - 1) stride - before - after + dilation (kernel - 1) + output_padding
    + 1`` (as ``torch.nn.ConvTranspose2d`` has it); ``output_padding`` is at the end and less than
    the stride or the dilation.

    Parameters: ``weight`` [in_channels, out_channels / groups, *kernel_size], ``bias``
    [out_channels]. Both start uniform in +-1/sqrt(fan_in), fan_in being out_channels / groups times
    the kernel's size, as in ``torch.nn.ConvTranspose2d``.
    """

    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        check_whole(self, "out_channels", "groups", minimum=1)
        check_windows(self, "stride", "dilation")
        check_sizes(self, "output_padding", minimum=0)
        check_flag(self, "bias")
        if len(self.output_padding) != len(self.kernel_size):
            refuse(self, "output_padding", f"{len(self.kernel_size)} long, as kernel_size is")
        if self.out_channels % self.groups:
            raise ValueError(
                f"ConvTranspose: out_channels ({self.out_channels}) must be a multiple of "
                f"groups ({self.groups})"
            )

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        sizes = spatial(floating(x, "ConvTranspose"), len(self.kernel_size), "ConvTranspose")
        self._in_channels(x)
        return x.with_shape(
            (x.shape[0], self.out_channels, *map(self._grown, range(len(sizes)), sizes))
        )

    def _grown(self, axis: int, size: Dim) -> Dim:
        reach = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        growth = reach + self.output_padding[axis] - sum(self.padding[axis]) - self.stride[axis]
        grown = add(multiply(size, self.stride[axis]), growth)
        if isinstance(grown, int) and grown < 1:
            raise ShapeError(f"ConvTranspose of {size} leaves nothing")
        return grown

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        (x,) = inputs
        kernel = (self.out_channels // self.groups, *self.kernel_size)
        init = Initializer("uniform", 1 / math.sqrt(math.prod(kernel)))
        specs = {"weight": ParameterSpec((self._in_channels(x), *kernel), init)}
        if self.bias:
            specs["bias"] = ParameterSpec((self.out_channels,), init)
        return specs

    def _in_channels(self, x: TensorType) -> int:
        channels = static(x.shape[1], "the number of input channels")
        if channels % self.groups:
            raise ShapeError(f"{channels} input channels do not divide into {self.groups} groups")
        return channels


def conv1d(
    out_channels: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = True,
) -> Conv:
    """A `Conv` over one spatial axis, with the same padding before and after."""
    return Conv(
        out_channels,
        (kernel_size,),
        (stride,),
        ((padding, padding),),
        (dilation,),
        groups,
        bias,
    )


def conv2d(
    out_channels: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    bias: bool = True,
) -> Conv:
    """A `Conv` over height and width, with the same padding before and after; one number stands
    for both axes.
    """
    return Conv(
        out_channels,
        spread(kernel_size, 2),
        spread(stride, 2),
        symmetric(padding, 2),
        spread(dilation, 2),
        groups,
        bias,
    )
