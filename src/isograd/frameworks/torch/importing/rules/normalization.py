"""Normalisations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from isograd.frameworks.torch.importing.call import Call, Rule, plain
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import Shape, static


def batch_norm(call: Call, x: Value, *rest: Any, unbiased: bool = True) -> Value:
    """Where running statistics are learned it is a layer. One that uses the batch's at all times
    keeps none, and a frozen one is arithmetic with two buffers.
    """
    weight, bias, mean, variance, training, momentum, eps, _ = rest
    if mean is None:
        axes = (0, *range(2, x.type.rank))
        return _affine(call, _standardized(call, x, axes, eps), weight, bias)
    if training:
        call.notes.add(f"learned {mean.parameter}")
    if f"learned {mean.parameter}" in call.notes and plain(weight, bias):
        if (weight is None) != (bias is None):
            raise call.unsupported("batch normalisation with only one of weight and bias")
        op = ops.BatchNorm(float(eps), float(momentum), weight is not None, unbiased)
        statistics = {"running_mean": mean, "running_var": variance}
        return call.layer(op, x, weight=weight, bias=bias, **statistics)
    if training:
        raise call.unsupported("batch normalisation with a computed weight")
    shape = _per_channel(x)
    centered = call(ops.Subtract(), x, call.reshape(mean, shape))
    return _affine(call, _divided(call, centered, call.reshape(variance, shape), eps), weight, bias)


def layer_norm(call: Call, x: Value, shape: Sequence[int], *rest: Any) -> Value:
    weight, bias, eps, *_ = rest
    shape = tuple(static(size, "a normalised size") for size in shape)
    if plain(weight, bias) and (weight is None) == (bias is None):
        op = ops.LayerNorm(shape, float(eps), weight is not None)
        return call.layer(op, x, weight=weight, bias=bias)
    if bias is None and weight.parameter is not None:
        op = ops.LayerNorm(shape, float(eps), bias=False)
        return call.layer(op, x, weight=weight)
    plain_form = call(ops.LayerNorm(shape, float(eps), False), x)
    scaled = plain_form if weight is None else call(ops.Multiply(), plain_form, weight)
    return scaled if bias is None else call(ops.Add(), scaled, bias)


def group_norm(call: Call, x: Value, groups: int, *rest: Any) -> Value:
    weight, bias, eps, *_ = rest
    if plain(weight, bias) and (weight is None) == (bias is None):
        op = ops.GroupNorm(groups, float(eps), weight is not None)
        return call.layer(op, x, weight=weight, bias=bias)
    return _affine(call, call(ops.GroupNorm(groups, float(eps), False), x), weight, bias)


def instance_norm(call: Call, x: Value, *rest: Any) -> Value:
    """Each channel is a group of its own."""
    weight, bias, mean, _, use_input_stats, _, eps, _ = rest
    if mean is not None or not use_input_stats:
        raise call.unsupported("instance normalisation with running statistics")
    return group_norm(call, x, static(x.type.shape[1], "the number of channels"), weight, bias, eps)


def rms_norm(call: Call, x: Value, shape: Sequence[int], *rest: Any) -> Value:
    """``eps`` is by default what float32 can tell from 1."""
    weight, eps = rest
    eps = torch.finfo(torch.float32).eps if eps is None else float(eps)
    shape = tuple(static(size, "a normalised size") for size in shape)
    if plain(weight):
        op = ops.RMSNorm(shape, eps, weight is not None)
        return call.layer(op, x, weight=weight)
    return call(ops.Multiply(), call(ops.RMSNorm(shape, eps, False), x), weight)


def _standardized(call: Call, x: Value, axes: tuple[int, ...], eps: float) -> Value:
    centered = call(ops.Subtract(), x, call(ops.Mean(axes, keepdims=True), x))
    return _divided(call, centered, call(ops.Variance(axes, 0, keepdims=True), x), eps)


def _divided(call: Call, centered: Value, variance: Value, eps: float) -> Value:
    deviation = call(ops.Sqrt(), call(ops.AddScalar(float(eps)), variance))
    return call(ops.Divide(), centered, deviation)


def _affine(call: Call, x: Value, weight: Value | None, bias: Value | None) -> Value:
    shape = _per_channel(x)
    if weight is not None:
        x = call(ops.Multiply(), x, call.reshape(weight, shape))
    return x if bias is None else call(ops.Add(), x, call.reshape(bias, shape))


def _per_channel(x: Value) -> Shape:
    return (1, x.type.shape[1], *(1,) * (x.type.rank - 2))


RULES: dict[str, Rule] = {
    "batch_norm": batch_norm,
    "biased_batch_norm": partial(batch_norm, unbiased=False),
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
}
