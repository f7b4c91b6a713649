"""Convolution, pooling, padding, resizing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from isograd.frameworks.torch.onnx.operators.kinds import Attributes, Operator
from isograd.frameworks.torch.onnx.values import (
    Value,
    number,
    sizes,
    tensor,
)


def _pads(attributes: Attributes, x: Tensor, kernel: Sequence[int]) -> list[tuple[int, int]]:
    """(before, after) for each spatial axis."""
    axes = len(kernel)
    automatic = attributes.get("auto_pad", "NOTSET")
    if automatic in ("NOTSET", "VALID", ""):
        flat = attributes.get("pads", [0] * (2 * axes)) if automatic != "VALID" else [0] * 2 * axes
        return [(flat[i], flat[axes + i]) for i in range(axes)]
    strides = attributes.get("strides", [1] * axes)
    dilations = attributes.get("dilations", [1] * axes)
    found = []
    for size, k, stride, rate in zip(x.shape[2:], kernel, strides, dilations, strict=True):
        total = max((-(-size // stride) - 1) * stride + rate * (k - 1) + 1 - size, 0)
        less = total // 2
        found.append((less, total - less) if automatic == "SAME_UPPER" else (total - less, less))
    return found


def _flat(pads: Sequence[tuple[int, int]]) -> list[int]:
    """As ``F.pad`` counts: from the last axis."""
    return [size for pair in reversed(pads) for size in pair]


def _split(pads: Sequence[tuple[int, int]]) -> tuple[list[int], list[tuple[int, int]]]:
    """What is the same on both sides, and the rest, if the two differ anywhere."""
    if all(before == after for before, after in pads):
        return [before for before, _ in pads], []
    return [0] * len(pads), list(pads)


def conv(attributes: Attributes, x: Value, weight: Value, bias: Value = None) -> Value:
    x, weight = tensor(x), tensor(weight)
    axes = weight.dim() - 2
    even, rest = _split(_pads(attributes, x, weight.shape[2:]))
    function = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    return function(
        F.pad(x, _flat(rest)) if rest else x,
        weight,
        None if bias is None else tensor(bias),
        attributes.get("strides", [1] * axes),
        even,
        attributes.get("dilations", [1] * axes),
        attributes.get("group", 1),
    )


def conv_transpose(attributes: Attributes, x: Value, weight: Value, bias: Value = None) -> Value:
    x, weight = tensor(x), tensor(weight)
    axes = weight.dim() - 2
    if attributes.get("auto_pad", "NOTSET") != "NOTSET" or "output_shape" in attributes:
        raise ValueError("a transposed convolution with automatic padding")
    even, rest = _split(_pads(attributes, x, weight.shape[2:]))
    if rest:
        raise ValueError("a transposed convolution that is padded unevenly")
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[axes - 1]
    return function(
        x,
        weight,
        None if bias is None else tensor(bias),
        attributes.get("strides", [1] * axes),
        even,
        attributes.get("output_padding", [0] * axes),
        attributes.get("group", 1),
        attributes.get("dilations", [1] * axes),
    )


def max_pool(attributes: Attributes, x: Value) -> Value:
    x = tensor(x)
    kernel = attributes["kernel_shape"]
    even, rest = _split(_pads(attributes, x, kernel))
    x = F.pad(x, _flat(rest), value=-math.inf) if rest else x
    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(kernel) - 1]
    return function(
        x,
        kernel,
        attributes.get("strides", [1] * len(kernel)),
        even,
        attributes.get("dilations", [1] * len(kernel)),
        bool(attributes.get("ceil_mode")),
    )


def average_pool(attributes: Attributes, x: Value) -> Value:
    x = tensor(x)
    kernel = attributes["kernel_shape"]
    if any(rate != 1 for rate in attributes.get("dilations", ())):
        raise ValueError("an average pooling with dilation")
    even, rest = _split(_pads(attributes, x, kernel))
    counted = bool(attributes.get("count_include_pad"))
    if rest and not counted:
        raise ValueError("an average pooling that is padded unevenly")
    x = F.pad(x, _flat(rest)) if rest else x
    function = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(kernel) - 1]
    strides = attributes.get("strides", [1] * len(kernel))
    return function(x, kernel, strides, even, bool(attributes.get("ceil_mode")), counted)


def pad(
    attributes: Attributes, x: Value, pads: Value = None, value: Value = None, axes: Value = None
) -> Value:
    x = tensor(x)
    flat = sizes(attributes["pads"] if pads is None else pads)
    chosen = range(x.dim()) if axes is None else [axis % x.dim() for axis in sizes(axes)]
    pairs = [(0, 0)] * x.dim()
    for place, axis in enumerate(chosen):
        pairs[axis] = (flat[place], flat[len(flat) // 2 + place])
    mode = attributes.get("mode", "constant")
    if mode == "constant":
        fill = attributes.get("value", 0.0) if value is None else number(value)
        return F.pad(x, _flat(pairs), value=fill)
    names = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    return F.pad(x, _flat(pairs[2:]), mode=names[mode])


def resize(
    attributes: Attributes, x: Value, roi: Value = None, scales: Value = None, news: Value = None
) -> Value:
    """Those forms that PyTorch's ``interpolate`` has."""
    x = tensor(x)
    mode = attributes.get("mode", "nearest")
    place = attributes.get("coordinate_transformation_mode", "half_pixel")
    rounding = attributes.get("nearest_mode", "round_prefer_floor")
    known: dict[tuple[str, ...], dict[str, Any]] = {
        ("nearest", "asymmetric", "floor"): {"mode": "nearest"},
        ("linear", "half_pixel"): {"align_corners": False},
        ("linear", "pytorch_half_pixel"): {"align_corners": False},
        ("linear", "align_corners"): {"align_corners": True},
    }
    key = (mode, place, rounding) if mode == "nearest" else (mode, place)
    if key not in known:
        raise ValueError(f"a resizing of the form {', '.join(key)}")
    options: dict[str, Any] = {**known[key]}
    if mode == "linear":
        options["mode"] = ("linear", "bilinear", "trilinear")[x.dim() - 3]
    if news is not None:
        return F.interpolate(x, size=sizes(news)[2:], **options)
    assert isinstance(scales, np.ndarray)
    return F.interpolate(x, scale_factor=[float(s) for s in scales[2:]], **options)


def global_pool(function: Callable[..., Tensor]) -> Operator:
    return lambda attributes, x: function(tensor(x), tuple(range(2, tensor(x).dim())), keepdim=True)


OPERATORS: dict[str, Operator] = {
    "AveragePool": average_pool,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "GlobalAveragePool": global_pool(torch.mean),
    "GlobalMaxPool": global_pool(torch.amax),
    "MaxPool": max_pool,
    "Pad": pad,
    "Resize": resize,
}
"""Operator to its form."""
