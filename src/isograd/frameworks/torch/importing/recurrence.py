"""Exporting recurrent layers without running through their time steps.

By PyTorch's own definition for shapes, a recurrent layer is a loop over the steps, which fixes
their number in the exported program. All that an export needs is the shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._C import DispatchKey

_KEYS = (DispatchKey.Autograd, DispatchKey.CompositeImplicitAutograd)


def _one_state(x: Tensor, state: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    return _outputs(x, state, *rest), torch.empty_like(state)


def _two_states(x: Tensor, states: Sequence[Tensor], *rest: Any) -> tuple[Tensor, Tensor, Tensor]:
    first, second = states
    return _outputs(x, first, *rest), torch.empty_like(first), torch.empty_like(second)


def _outputs(x: Tensor, state: Tensor, *rest: Any) -> Tensor:
    *_, bidirectional, _ = rest
    return x.new_empty((*x.shape[:2], state.shape[2] * (2 if bidirectional else 1)))


_SHAPES: dict[Any, Callable[..., Any]] = {
    torch.ops.aten.lstm.input: _two_states,
    torch.ops.aten.gru.input: _one_state,
    torch.ops.aten.rnn_tanh.input: _one_state,
    torch.ops.aten.rnn_relu.input: _one_state,
}


@contextmanager
def shapes_only() -> Iterator[None]:
    """Recurrent layers have the shapes of their results, and no steps, while this is open."""
    before = {op: {key: op.py_kernels[key] for key in _KEYS} for op in _SHAPES}
    try:
        for op, shape in _SHAPES.items():
            _install(op, dict.fromkeys(_KEYS, shape))
        yield
    finally:
        for op, kernels in before.items():
            _install(op, kernels)


def _install(op: Any, kernels: dict[Any, Callable[..., Any]]) -> None:
    op.py_kernels.update(kernels)
    op._dispatch_cache.clear()
