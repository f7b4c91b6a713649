"""How the parameters of a PyTorch module are drawn."""

from __future__ import annotations

from math import prod, sqrt

import numpy as np
from torch import Tensor, nn

from isograd.training import Initialiser

FULL = 0.7
"""A draw of at least `MANY` values from a uniform distribution reaches this part of its bound."""

MANY = 8


def initialisers(model: nn.Module) -> dict[str, Initialiser]:
    """Parameter name to initialiser: PyTorch's default for the module, where the weights could have
    been drawn from it, or else what the weights look like."""
    found: dict[str, Initialiser] = {}
    for path, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            full = f"{path}.{name}" if path else name
            weights = parameter.detach().double().numpy()
            usual = _usual(module, parameter)
            fits = usual is not None and _drawn_from(usual, weights)
            found[full] = usual if usual and fits else Initialiser.estimated(weights)
    return found


def _usual(module: nn.Module, parameter: Tensor) -> Initialiser | None:
    """``kaiming_uniform_(a=sqrt(5))`` is uniform below 1 / sqrt(fan in), and so are the biases
    (``torch/nn/modules/linear.py``, ``conv.py``)."""
    weight = getattr(module, "weight", None)
    if not isinstance(module, nn.Linear | nn.modules.conv._ConvNd) or weight is None:
        return None
    return Initialiser("uniform", float(f"{1 / sqrt(prod(weight.shape[1:])):.6g}"))


def _drawn_from(usual: Initialiser, weights: np.ndarray) -> bool:
    largest = float(np.abs(weights).max()) if weights.size else 0.0
    below = largest <= usual.scale * (1 + 1e-5)
    return below and (weights.size < MANY or largest >= FULL * usual.scale)
