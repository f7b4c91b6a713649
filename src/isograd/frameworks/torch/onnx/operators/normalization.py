"""Normalisation."""

from __future__ import annotations

import torch.nn.functional as F

from isograd.frameworks.torch.onnx.operators.kinds import Attributes, Operator
from isograd.frameworks.torch.onnx.values import (
    Value,
    tensor,
)


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


OPERATORS: dict[str, Operator] = {
    "GroupNormalization": group_norm,
    "InstanceNormalization": instance_norm,
    "LayerNormalization": layer_norm,
}
"""Operator to its form."""
