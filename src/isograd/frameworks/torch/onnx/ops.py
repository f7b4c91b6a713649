"""ONNX's operators in PyTorch's terms (https://onnx.ai/onnx/operators)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from isograd.frameworks.torch.onnx.values import (
    Value,
    elementwise,
    is_sizes,
    number,
    sizes,
    tensor,
)

Attributes = Mapping[str, Any]
Operator = Callable[..., Value]
"""``operator(attributes, *inputs)``; an input that is left out is None."""

TYPES = {
    1: torch.float32,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    11: torch.float64,
}
"""ONNX's numbers of the element types that a network may compute with."""


# Elementwise --------------------------------------------------------------------------------------


def of_one(function: Callable[[Tensor], Tensor]) -> Operator:
    return lambda attributes, x: function(tensor(x))


def of_two(function: Callable[..., Any], of_sizes: Callable[..., Any] | None = None) -> Operator:
    """``of_sizes`` is the same for sizes, which stay sizes."""

    def apply(attributes: Attributes, *inputs: Value) -> Value:
        if of_sizes is not None and all(map(is_sizes, inputs)):
            found = elementwise(of_sizes, inputs)
            scalar = all(np.ndim(value) == 0 for value in inputs if not isinstance(value, list))
            return found[0] if scalar and not any(isinstance(v, list) for v in inputs) else found
        return function(*map(tensor, inputs))

    return apply


def divide(a: Tensor, b: Tensor) -> Tensor:
    """Whole numbers are divided towards zero."""
    whole = not (a.is_floating_point() or b.is_floating_point())
    return torch.div(a, b, rounding_mode="trunc") if whole else a / b


def _divided(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return int(a / b)
    return a // b  # sizes are never below zero


def clip(attributes: Attributes, x: Value, low: Value = None, high: Value = None) -> Value:
    low = attributes.get("min") if low is None else number(low)
    high = attributes.get("max") if high is None else number(high)
    return torch.clamp(tensor(x), low, high)


def cast(attributes: Attributes, x: Value) -> Value:
    kind = TYPES.get(attributes["to"])
    if kind is None:
        raise ValueError(f"a cast to element type {attributes['to']}")
    if is_sizes(x) and not kind.is_floating_point:
        return x
    return tensor(x).to(torch.get_default_dtype() if kind.is_floating_point else kind)


def where(attributes: Attributes, condition: Value, a: Value, b: Value) -> Value:
    if all(map(is_sizes, (condition, a, b))):
        return elementwise(lambda c, p, q: p if c else q, (condition, a, b))
    return torch.where(tensor(condition).bool(), tensor(a), tensor(b))


def gelu(attributes: Attributes, x: Value) -> Value:
    return F.gelu(tensor(x), approximate=attributes.get("approximate", "none"))


def prelu(attributes: Attributes, x: Value, slope: Value) -> Value:
    x, slope = tensor(x), tensor(slope)
    return torch.where(x >= 0, x, slope * x)


def hard_sigmoid(attributes: Attributes, x: Value) -> Value:
    alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    if math.isclose(alpha, 1 / 6, rel_tol=1e-6) and beta == 0.5:
        return F.hardsigmoid(tensor(x))
    return torch.clamp(tensor(x) * alpha + beta, 0, 1)


# Products -----------------------------------------------------------------------------------------


def gemm(attributes: Attributes, a: Value, b: Value, c: Value = None) -> Value:
    a, b = tensor(a), tensor(b)
    a = a.t() if attributes.get("transA") else a
    plain = attributes.get("alpha", 1.0) == 1 and attributes.get("beta", 1.0) == 1
    if plain and attributes.get("transB") and (c is None or tensor(c).dim() == 1):
        return F.linear(a, b, None if c is None else tensor(c))
    product = attributes.get("alpha", 1.0) * (a @ (b.t() if attributes.get("transB") else b))
    return product if c is None else product + attributes.get("beta", 1.0) * tensor(c)


# Windows ------------------------------------------------------------------------------------------


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


# Normalisation ------------------------------------------------------------------------------------


def layer_norm(attributes: Attributes, x: Value, weight: Value, bias: Value = None) -> Value:
    x, weight = tensor(x), tensor(weight)
    axis = attributes.get("axis", -1) % x.dim()
    shape = tuple(x.shape[axis:])
    return F.layer_norm(
        x, shape, weight, None if bias is None else tensor(bias), attributes.get("epsilon", 1e-5)
    )


def instance_norm(attributes: Attributes, x: Value, weight: Value, bias: Value) -> Value:
    x = tensor(x)
    return F.group_norm(
        x, x.shape[1], tensor(weight), tensor(bias), attributes.get("epsilon", 1e-5)
    )


def group_norm(attributes: Attributes, x: Value, weight: Value, bias: Value) -> Value:
    groups = attributes["num_groups"]
    eps = attributes.get("epsilon", 1e-5)
    return F.group_norm(tensor(x), groups, tensor(weight), tensor(bias), eps)


# Reductions ---------------------------------------------------------------------------------------


def reduce(function: Callable[..., Tensor]) -> Operator:
    """Over given axes (an attribute, or since version 13 or 18 an input), or over all."""

    def apply(attributes: Attributes, x: Value, axes: Value = None) -> Value:
        x = tensor(x)
        given = attributes.get("axes") if axes is None else sizes(axes)
        if not given and attributes.get("noop_with_empty_axes"):
            return x
        chosen = tuple(given or range(x.dim()))
        return function(x, chosen, keepdim=bool(attributes.get("keepdims", 1)))

    return apply


def _product(x: Tensor, axes: Sequence[int], keepdim: bool) -> Tensor:
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = torch.prod(x, axis, keepdim=keepdim)
    return x


def argument(function: Callable[..., Tensor]) -> Operator:
    def apply(attributes: Attributes, x: Value) -> Value:
        if attributes.get("select_last_index"):
            raise ValueError("the last of several largest values")
        axis, keep = attributes.get("axis", 0), bool(attributes.get("keepdims", 1))
        return function(tensor(x), axis, keepdim=keep)

    return apply


# Shapes -------------------------------------------------------------------------------------------


def shape(attributes: Attributes, x: Value) -> Value:
    found = list(tensor(x).shape)
    return found[attributes.get("start", 0) : attributes.get("end", len(found))]


def reshape(attributes: Attributes, x: Value, wanted: Value) -> Value:
    if isinstance(x, np.ndarray):
        return x.reshape(sizes(wanted))
    if is_sizes(x):
        return sizes(x)
    x = tensor(x)
    target = [
        x.shape[i] if n == 0 and isinstance(n, int) else n for i, n in enumerate(sizes(wanted))
    ]
    return x.reshape(target)


def flatten(attributes: Attributes, x: Value) -> Value:
    x = tensor(x)
    axis = attributes.get("axis", 1) % (x.dim() + 1)
    if axis == 1:
        return x.flatten(1)
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def transpose(attributes: Attributes, x: Value) -> Value:
    if isinstance(x, np.ndarray):
        return x.transpose(attributes.get("perm"))
    x = tensor(x)
    return x.permute(attributes.get("perm", list(range(x.dim()))[::-1]))


def _axes(attributes: Attributes, axes: Value) -> list[int]:
    return list(attributes.get("axes", ())) if axes is None else sizes(axes)


def unsqueeze(attributes: Attributes, x: Value, axes: Value = None) -> Value:
    chosen = _axes(attributes, axes)
    if not isinstance(x, Tensor) and np.ndim(x) == 0 and is_sizes(x):
        return [number(x)]
    x = tensor(x)
    rank = x.dim() + len(chosen)
    for axis in sorted(axis % rank for axis in chosen):
        x = x.unsqueeze(axis)
    return x


def squeeze(attributes: Attributes, x: Value, axes: Value = None) -> Value:
    if is_sizes(x) and not isinstance(x, np.ndarray):
        return sizes(x)[0]
    x = tensor(x)
    chosen = _axes(attributes, axes)
    return x.squeeze(tuple(chosen)) if chosen else x.squeeze()


def concat(attributes: Attributes, *inputs: Value) -> Value:
    if all(map(is_sizes, inputs)) and any(isinstance(value, list) for value in inputs):
        return [size for value in inputs for size in sizes(value)]
    return torch.cat([tensor(value) for value in inputs], attributes["axis"])


def split(attributes: Attributes, x: Value, parts: Value = None) -> Value:
    x = tensor(x)
    axis = attributes.get("axis", 0)
    given = attributes.get("split") if parts is None else sizes(parts)
    if given is None:
        count = attributes["outputs"]
        return torch.split(x, -(-x.shape[axis] // count), axis)
    return torch.split(x, list(given), axis)


def slice_(
    attributes: Attributes,
    x: Value,
    starts: Value = None,
    ends: Value = None,
    axes: Value = None,
    steps: Value = None,
) -> Value:
    begin = sizes(attributes["starts"] if starts is None else starts)
    end = sizes(attributes["ends"] if ends is None else ends)
    chosen = attributes.get("axes") if axes is None else sizes(axes)
    every = [1] * len(begin) if steps is None else sizes(steps)
    if isinstance(x, list):
        return x[slice(begin[0], end[0], every[0])]
    if not isinstance(x, np.ndarray):
        x = tensor(x)
    for axis, first, last, step in zip(chosen or range(len(begin)), begin, end, every, strict=True):
        if step < 0 and isinstance(x, Tensor):
            raise ValueError("a slice that goes backwards")
        if step < 0:
            first, last = max(first, -(2**31)), (None if last < -(2**31) else last)
        keys = [slice(None)] * x.ndim
        keys[axis] = slice(first, last, step)
        x = x[tuple(keys)]
    return x


def gather(attributes: Attributes, x: Value, indices: Value) -> Value:
    axis = attributes.get("axis", 0)
    if is_sizes(x) and is_sizes(indices):
        chosen = [sizes(x)[i] for i in sizes(indices)]
        return chosen if np.ndim(indices) else chosen[0]
    x = tensor(x)
    if np.ndim(indices) == 0 and not isinstance(indices, Tensor):
        return x.select(axis, number(indices))
    indices = tensor(indices)
    if axis == 0 and x.dim() == 2:
        return F.embedding(indices, x)
    return x[(*(slice(None),) * (axis % x.dim()), indices)]


def gather_elements(attributes: Attributes, x: Value, indices: Value) -> Value:
    return torch.gather(tensor(x), attributes.get("axis", 0), tensor(indices))


def expand(attributes: Attributes, x: Value, wanted: Value) -> Value:
    x = tensor(x)
    target = sizes(wanted)
    have = [1] * (len(target) - x.dim()) + list(x.shape)
    target = [1] * (len(have) - len(target)) + target
    return x.expand(
        [h if isinstance(n, int) and n == 1 else n for h, n in zip(have, target, strict=True)]
    )


def tile(attributes: Attributes, x: Value, times: Value) -> Value:
    return tensor(x).repeat(sizes(times))


def constant_of_shape(attributes: Attributes, wanted: Value) -> Value:
    value = attributes.get("value")
    fill = np.float32(0) if value is None else value.reshape(-1)[0]
    target = sizes(wanted)
    if fill.dtype.kind in "iu" and len(target) == 1 and isinstance(target[0], int):
        return np.full(target, fill)
    return torch.full(target, fill.item())


def range_(attributes: Attributes, start: Value, stop: Value, step: Value) -> Value:
    return torch.arange(number(start), number(stop), number(step))


def cumulative_sum(attributes: Attributes, x: Value, axis: Value) -> Value:
    if attributes.get("exclusive") or attributes.get("reverse"):
        raise ValueError("a running sum that is exclusive or goes backwards")
    return torch.cumsum(tensor(x), number(axis))


def triangle(attributes: Attributes, x: Value, diagonal: Value = None) -> Value:
    function = torch.triu if attributes.get("upper", 1) else torch.tril
    return function(tensor(x), 0 if diagonal is None else number(diagonal))


def depth_to_space(attributes: Attributes, x: Value) -> Value:
    if attributes.get("mode", "DCR") != "CRD":
        raise ValueError("DepthToSpace of the mode DCR")
    return F.pixel_shuffle(tensor(x), attributes["blocksize"])


def softmax(function: Callable[..., Tensor]) -> Operator:
    return lambda attributes, x: function(tensor(x), attributes.get("axis", -1))


OPERATORS: dict[str, Operator] = {
    "Abs": of_one(torch.abs),
    "Acos": of_one(torch.acos),
    "Add": of_two(operator.add, operator.add),
    "And": of_two(torch.logical_and),
    "ArgMax": argument(torch.argmax),
    "ArgMin": argument(torch.argmin),
    "Asin": of_one(torch.asin),
    "Atan": of_one(torch.atan),
    "AveragePool": average_pool,
    "Cast": cast,
    "Ceil": of_one(torch.ceil),
    "Celu": lambda attributes, x: F.celu(tensor(x), attributes.get("alpha", 1.0)),
    "Clip": clip,
    "Concat": concat,
    "ConstantOfShape": constant_of_shape,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Cos": of_one(torch.cos),
    "Cosh": of_one(torch.cosh),
    "CumSum": cumulative_sum,
    "DepthToSpace": depth_to_space,
    "Div": of_two(divide, _divided),
    "Einsum": lambda a, *inputs: torch.einsum(a["equation"], *map(tensor, inputs)),
    "Elu": lambda attributes, x: F.elu(tensor(x), attributes.get("alpha", 1.0)),
    "Equal": of_two(torch.eq, operator.eq),
    "Erf": of_one(torch.erf),
    "Exp": of_one(torch.exp),
    "Expand": expand,
    "Flatten": flatten,
    "Floor": of_one(torch.floor),
    "Gather": gather,
    "GatherElements": gather_elements,
    "Gelu": gelu,
    "Gemm": gemm,
    "GlobalAveragePool": global_pool(torch.mean),
    "GlobalMaxPool": global_pool(torch.amax),
    "Greater": of_two(torch.gt),
    "GreaterOrEqual": of_two(torch.ge),
    "GroupNormalization": group_norm,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": of_one(F.hardswish),
    "Identity": lambda attributes, x: x,
    "InstanceNormalization": instance_norm,
    "LayerNormalization": layer_norm,
    "LeakyRelu": lambda a, x: F.leaky_relu(tensor(x), a.get("alpha", 0.01)),
    "Less": of_two(torch.lt),
    "LessOrEqual": of_two(torch.le),
    "Log": of_one(torch.log),
    "LogSoftmax": softmax(torch.log_softmax),
    "MatMul": of_two(torch.matmul),
    "Max": of_two(torch.maximum, max),
    "MaxPool": max_pool,
    "Min": of_two(torch.minimum, min),
    "Mish": of_one(F.mish),
    "Mod": of_two(torch.remainder, operator.mod),
    "Mul": of_two(operator.mul, operator.mul),
    "Neg": of_one(torch.neg),
    "Not": of_one(torch.logical_not),
    "Or": of_two(torch.logical_or),
    "PRelu": prelu,
    "Pad": pad,
    "Pow": of_two(torch.pow),
    "Range": range_,
    "Reciprocal": of_one(torch.reciprocal),
    "ReduceLogSumExp": reduce(torch.logsumexp),
    "ReduceMax": reduce(torch.amax),
    "ReduceMean": reduce(torch.mean),
    "ReduceMin": reduce(torch.amin),
    "ReduceProd": reduce(_product),
    "ReduceSum": reduce(torch.sum),
    "Relu": of_one(F.relu),
    "Reshape": reshape,
    "Resize": resize,
    "Round": of_one(torch.round),
    "Selu": of_one(F.selu),
    "Shape": shape,
    "Sigmoid": of_one(torch.sigmoid),
    "Sign": of_one(torch.sign),
    "Sin": of_one(torch.sin),
    "Sinh": of_one(torch.sinh),
    "Slice": slice_,
    "Softmax": softmax(torch.softmax),
    "Softplus": of_one(F.softplus),
    "Softsign": of_one(F.softsign),
    "Split": split,
    "Sqrt": of_one(torch.sqrt),
    "Squeeze": squeeze,
    "Sub": of_two(operator.sub, operator.sub),
    "Tan": of_one(torch.tan),
    "Tanh": of_one(torch.tanh),
    "Tile": tile,
    "Transpose": transpose,
    "Trilu": triangle,
    "Unsqueeze": unsqueeze,
    "Where": where,
    "Xor": of_two(torch.logical_xor),
}
"""Operator of the default domain to its form."""
