"""What flows through an ONNX graph: tensors, constants, and shapes that are still symbols.

Sizes stay Python numbers, or symbols of ``torch.export``, for as long as the graph computes shapes
with them: a tensor made of a symbol would be a number once and for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

Value = Tensor | np.ndarray | list[Any] | Any
"""A tensor, a constant array, sizes (a list), or one size."""


def is_sizes(value: Value) -> bool:
    """Whether a value can be computed with as sizes."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind in "iub" and value.ndim <= 1)
    return not isinstance(value, Tensor)


def sizes(value: Value) -> list[Any]:
    """A list of sizes. Raises `ValueError` for numbers that only the inputs' values tell."""
    if isinstance(value, Tensor):
        raise ValueError("a shape that depends on the inputs' values")
    if isinstance(value, np.ndarray):
        return [int(number) for number in value.reshape(-1)]
    return list(value) if isinstance(value, list | tuple) else [value]


def number(value: Value) -> Any:
    """One number, from a constant. Raises `ValueError` for a computed one."""
    if isinstance(value, Tensor):
        raise ValueError("a number that depends on the inputs' values")
    return np.asarray(value).reshape(-1)[0].item() if isinstance(value, np.ndarray) else value


def tensor(value: Value) -> Tensor:
    """A tensor, from whatever it is."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        floating = value.dtype.kind == "f"
        return torch.tensor(value, dtype=torch.get_default_dtype() if floating else None)
    if isinstance(value, list):
        return torch.stack([tensor(one) for one in value])
    if isinstance(value, int | float | bool):
        return torch.tensor(value)
    return torch.full((value,), 1).sum()  # a size that is open is counted


def elementwise(function: Any, inputs: Sequence[Value]) -> list[Any]:
    """A function of sizes, one by one, a single one beside several standing for all."""
    columns = [sizes(value) for value in inputs]
    length = max(map(len, columns))
    return [
        function(*row)
        for row in zip(*(c * length if len(c) == 1 else c for c in columns), strict=True)
    ]
