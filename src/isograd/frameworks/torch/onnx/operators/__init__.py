"""ONNX's operators in PyTorch's terms (https://onnx.ai/onnx/operators), by family."""

from __future__ import annotations

from isograd.frameworks.torch.onnx.operators import (
    elementwise,
    normalization,
    products,
    reductions,
    shapes,
    windows,
)
from isograd.frameworks.torch.onnx.operators.kinds import Operator

OPERATORS: dict[str, Operator] = {
    **elementwise.OPERATORS,
    **products.OPERATORS,
    **windows.OPERATORS,
    **normalization.OPERATORS,
    **reductions.OPERATORS,
    **shapes.OPERATORS,
}
"""Operator of the default domain to its form."""
