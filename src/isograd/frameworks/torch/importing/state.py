"""A module's parameters, buffers and constants."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.nn.parameter import is_lazy

from isograd.errors import UsageError
from isograd.frameworks.torch.importing.symbolic import KINDS
from isograd.frameworks.torch.importing.writer import Parameter
from isograd.ir.ops.base import TensorType


def check_module(module: Any) -> None:
    """Raises `UsageError` when it is no module, or one whose weights a graph cannot hold."""
    if not isinstance(module, nn.Module):
        raise UsageError(f"This is a {type(module).__name__}, not an nn.Module.")
    for name, tensor in _named(module):
        _check_tensor(name, tensor)
    for path, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.momentum is None:
            raise UsageError(
                f"Batch normalisation {path!r} averages over all batches (momentum=None), which is "
                "not supported yet.",
                hint="Give it a momentum.",
            )


def _check_tensor(name: str, tensor: Tensor) -> None:
    if is_lazy(tensor):
        raise UsageError(
            f"Parameter {name!r} is not initialised yet.",
            hint="A lazy module gets its shapes from its first call: call it once.",
        )
    trained = isinstance(tensor, nn.Parameter)
    if tensor.dtype not in KINDS or (trained and tensor.dtype is torch.float64):
        raise UsageError(
            f"Parameter {name!r} is {str(tensor.dtype).removeprefix('torch.')}.",
            hint="Supported: float32, int64, int32 and bool. `model.float()` converts it.",
        )


def tensors_of(module: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Parameters and buffers by their first name, and the further names of those that have
    several.
    """
    found: dict[str, Tensor] = {}
    first: dict[int, str] = {}
    aliases: dict[str, str] = {}
    for name, tensor in _named(module):
        known = first.setdefault(id(tensor), name)
        if known == name:
            found[name] = tensor
        else:
            aliases[name] = known
    return found, aliases


def constants(
    program: ExportedProgram, tensors: Mapping[str, Tensor], aliases: Mapping[str, str]
) -> dict[str, Tensor]:
    """Tensors that the forward pass brings along without registering them."""
    return {
        name: tensor
        for name, tensor in program.constants.items()
        if isinstance(tensor, Tensor) and name not in tensors and name not in aliases
    }


def kinds(tensors: Mapping[str, Tensor], unnamed: Container[str]) -> dict[str, Parameter]:
    """What the graph knows of each; ``unnamed`` are the constants."""
    return {
        name: Parameter(
            name,
            TensorType(tuple(tensor.shape), KINDS[tensor.dtype]),
            isinstance(tensor, nn.Parameter) and tensor.requires_grad,
            tensor.item() if name in unnamed and not tensor.shape else None,
            nonnegative=not tensor.is_floating_point() and bool((tensor >= 0).all()),
        )
        for name, tensor in tensors.items()
        if tensor.dtype in KINDS
    }


def _named(module: nn.Module) -> list[tuple[str, Tensor]]:
    return [
        *module.named_parameters(remove_duplicate=False),
        *module.named_buffers(remove_duplicate=False),
    ]
