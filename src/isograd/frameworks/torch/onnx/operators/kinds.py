"""What an operator is, and the operators that are one function of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from isograd.frameworks.torch.onnx.values import (
    Value,
    elementwise,
    is_sizes,
    tensor,
)

Attributes = Mapping[str, Any]
Operator = Callable[..., Value]
"""``operator(attributes, *inputs)``; an input that is left out is None."""


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
