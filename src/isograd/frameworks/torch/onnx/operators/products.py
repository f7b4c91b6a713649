"""Products of matrices."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from isograd.frameworks.torch.onnx.operators.kinds import Attributes, Operator, of_two
from isograd.frameworks.torch.onnx.values import (
    Value,
    tensor,
)


def gemm(attributes: Attributes, a: Value, b: Value, c: Value = None) -> Value:
    a, b = tensor(a), tensor(b)
    a = a.t() if attributes.get("transA") else a
    plain = attributes.get("alpha", 1.0) == 1 and attributes.get("beta", 1.0) == 1
    if plain and attributes.get("transB") and (c is None or tensor(c).dim() == 1):
        return F.linear(a, b, None if c is None else tensor(c))
    product = attributes.get("alpha", 1.0) * (a @ (b.t() if attributes.get("transB") else b))
    return product if c is None else product + attributes.get("beta", 1.0) * tensor(c)


OPERATORS: dict[str, Operator] = {
    "Einsum": lambda a, *inputs: torch.einsum(a["equation"], *map(tensor, inputs)),
    "Gemm": gemm,
    "MatMul": of_two(torch.matmul),
}
"""Operator to its form."""
