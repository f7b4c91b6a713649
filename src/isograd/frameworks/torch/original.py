"""Running the user's own PyTorch network as it is: nothing in it is replaced.

Its random draws are handed over instead of made, so that it can be held against twins whose dropout
masks are the same; and what it computes in float32 by name (``x.float()``, ``dtype=torch.float32``)
follows the precision in which it runs, as everything else in it does, and so do constants that
PyTorch itself keeps in float32.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.importing.exporting import open_program
from isograd.ir.mapping import Arrays
from isograd.references import Reference, load_object

ALMOST_ONE = 1.0 - 1e-7
"""A uniform draw that every threshold below it keeps."""

aten = torch.ops.aten


class OriginalExecutor(EagerExecutor):
    """The user's module, in eager mode."""

    def __init__(self, plan: Plan) -> None:
        self._masks: list[Tensor] = []
        super().__init__(plan)

    def _build(self) -> nn.Module:
        assert self.plan.original is not None
        torch.set_default_dtype(torch.float32)  # as its owner makes it
        return resolve(self.plan.original.network, trust=self.plan.original.trust)

    def _native_state(self) -> dict[str, Tensor]:
        found: dict[str, Tensor] = dict(self.model.named_parameters(remove_duplicate=False))
        found |= dict(self.model.named_buffers(remove_duplicate=False))
        # Constants that the forward pass makes by itself have a name on the other sides only.
        absent = [name for name in self.plan.buffers if name not in found]
        return found | {name: torch.zeros(()) for name in absent}

    def set_state(self, state: Arrays) -> None:
        own = self._native_state()
        for name in [name for name in self.plan.buffers if own[name].shape != state[name].shape]:
            index = self.plan.buffers.index(name)
            self.buffers[index] = torch.from_numpy(np.array(state[name]))
        super().set_state(state)

    def _install_masks(self) -> None:
        self._masks = [torch.ones(shape) for shape in self._mask_shapes()]

    def _mask_shapes(self) -> list[tuple[int, ...]]:
        return [self.plan.masks[key] for key in sorted(self.plan.masks, key=int)]

    def set_masks(self, masks: Arrays) -> None:
        self._masks = [torch.from_numpy(masks[key]) for key in sorted(masks, key=int)]

    def _evaluate(self, *inputs: Tensor) -> Tensor:
        with self._as_planned():
            return super()._evaluate(*inputs)

    def _differentiate(self, inputs: list[Tensor], targets: Tensor) -> tuple[Any, ...]:
        with self._as_planned():
            return super()._differentiate(inputs, targets)

    def _step(self, rows: Tensor) -> Tensor:
        with self._as_planned():
            return super()._step(rows)

    @contextmanager
    def _as_planned(self) -> Iterator[None]:
        if self.dtype is torch.float32 and not self.plan.masks:
            yield
            return
        with HandedOver(list(self._masks) if self.plan.masks else None, self.dtype):
            yield


class HandedOver(TorchDispatchMode):
    """Random draws come from ``masks``, in order (the framework's own where there are none), and
    float32 stands for ``dtype``.
    """

    def __init__(self, masks: list[Tensor] | None, dtype: torch.dtype) -> None:
        super().__init__()
        self.masks = masks
        self.dtype = dtype

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if kwargs.get("dtype") is torch.float32:
            kwargs["dtype"] = self.dtype
        if function is aten.lift_fresh.default and args[0].dtype is torch.float32:
            return function(args[0].to(self.dtype))  # torch.tensor(8, dtype=torch.float32)
        if function in EXACT_GRADIENTS:
            return EXACT_GRADIENTS[function](*args, **kwargs)
        if self.masks is not None:
            drawn = self._drawn(function, args, kwargs)
            if drawn is not None:
                return drawn
        return function(*args, **kwargs)

    def _drawn(self, function: Any, args: Any, kwargs: Any) -> Tensor | None:
        """What a random op returns: kept where the mask is not zero."""
        if function is aten.bernoulli_.float:
            return args[0].copy_(self._next(args[0].shape))
        if function in (aten.bernoulli.default, aten.bernoulli.p):
            return self._next(args[0].shape).to(args[0].dtype)
        if function in (aten.rand.default, aten.rand_like.default):
            likeness = function(*args, **kwargs)
            return likeness.copy_(self._next(likeness.shape) * ALMOST_ONE)
        return None

    def _next(self, shape: torch.Size) -> Tensor:
        assert self.masks is not None
        if not self.masks:
            raise UsageError("The network draws more random numbers than it did when imported.")
        kept = (self.masks.pop(0) != 0).to(self.dtype)
        if kept.shape != shape:
            raise UsageError(
                f"The network draws random numbers of shape {tuple(shape)} where its graph has "
                f"a mask of shape {tuple(kept.shape)}."
            )
        return kept


def _hardsigmoid_gradient(gradient: Tensor, x: Tensor) -> Tensor:
    return gradient * ((x > -3) & (x < 3)) / 6


def _elu_gradient(
    gradient: Tensor, alpha: float, scale: float, input_scale: float, is_result: bool, x: Tensor
) -> Tensor:
    """``x`` is the result itself if ``is_result``, else what went in. CELU is ELU with the input
    scale 1 / alpha, which PyTorch has rounded."""
    if input_scale == np.float32(1 / alpha):
        input_scale = 1 / alpha
    slope = x + alpha * scale if is_result else alpha * scale * torch.exp(x * input_scale)
    return gradient * torch.where(x <= 0, slope * input_scale, scale)


EXACT_GRADIENTS: dict[Any, Callable[..., Tensor]] = {
    aten.hardsigmoid_backward.default: _hardsigmoid_gradient,
    aten.elu_backward.default: _elu_gradient,
}
"""Gradients whose constants PyTorch rounds to float32 (1/6, alpha), whatever the precision."""


def resolve(network: Reference | object, *, trust: bool) -> nn.Module:
    """The module that ``network`` names, or a copy of the one that it is.

    Raises `UsageError` for what is no module.
    """
    if isinstance(network, nn.Module):
        return copy.deepcopy(network)
    assert isinstance(network, Reference)
    if network.kind == "pt2":
        return open_program(network.path).module()
    if network.kind == "onnx":
        from isograd.frameworks.torch.onnx.loading import open_model

        return open_model(network.path)
    found = load_object(network)
    if not isinstance(found, nn.Module):
        raise UsageError(
            f"{network.symbol!r} is a {type(found).__name__}, not an nn.Module.",
            where=network.text,
        )
    return found
