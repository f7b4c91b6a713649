"""Reductions, and operators along an axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from isograd.frameworks.torch.onnx.operators.kinds import Attributes, Operator
from isograd.frameworks.torch.onnx.values import (
    Value,
    number,
    sizes,
    tensor,
)


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


def softmax(function: Callable[..., Tensor]) -> Operator:
    return lambda attributes, x: function(tensor(x), attributes.get("axis", -1))


def cumulative_sum(attributes: Attributes, x: Value, axis: Value) -> Value:
    if attributes.get("exclusive") or attributes.get("reverse"):
        raise ValueError("a running sum that is exclusive or goes backwards")
    return torch.cumsum(tensor(x), number(axis))


OPERATORS: dict[str, Operator] = {
    "ArgMax": argument(torch.argmax),
    "ArgMin": argument(torch.argmin),
    "CumSum": cumulative_sum,
    "LogSoftmax": softmax(torch.log_softmax),
    "ReduceLogSumExp": reduce(torch.logsumexp),
    "ReduceMax": reduce(torch.amax),
    "ReduceMean": reduce(torch.mean),
    "ReduceMin": reduce(torch.amin),
    "ReduceProd": reduce(_product),
    "ReduceSum": reduce(torch.sum),
    "Softmax": softmax(torch.softmax),
}
"""Operator to its form."""
