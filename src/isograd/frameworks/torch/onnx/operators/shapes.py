"""Operators that move, choose and count elements."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from isograd.frameworks.torch.onnx.operators.kinds import Attributes, Operator
from isograd.frameworks.torch.onnx.values import (
    Value,
    is_sizes,
    number,
    sizes,
    tensor,
)


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


def triangle(attributes: Attributes, x: Value, diagonal: Value = None) -> Value:
    function = torch.triu if attributes.get("upper", 1) else torch.tril
    return function(tensor(x), 0 if diagonal is None else number(diagonal))


def depth_to_space(attributes: Attributes, x: Value) -> Value:
    if attributes.get("mode", "DCR") != "CRD":
        raise ValueError("DepthToSpace of the mode DCR")
    return F.pixel_shuffle(tensor(x), attributes["blocksize"])


OPERATORS: dict[str, Operator] = {
    "Concat": concat,
    "ConstantOfShape": constant_of_shape,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": flatten,
    "Gather": gather,
    "GatherElements": gather_elements,
    "Range": range_,
    "Reshape": reshape,
    "Shape": shape,
    "Slice": slice_,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Trilu": triangle,
    "Unsqueeze": unsqueeze,
}
"""Operator to its form."""
