"""Exact forms that isograd wrote: each is recorded as the one op that it is a form of.

A module is taken for one only where its source is, to the letter, what the emitter writes.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from isograd.frameworks.torch.exact import EXACT

_BATCH_NORMS = ("BiasedBatchNorm1d", "BiasedBatchNorm2d", "BiasedBatchNorm3d")

_LIBRARY = torch.library.Library("isograd", "DEF")
_LIBRARY.define(
    "biased_batch_norm(Tensor x, Tensor? weight, Tensor? bias, Tensor mean, Tensor variance, "
    "bool training, float momentum, float eps, bool cudnn) -> Tensor"
)
_LIBRARY.impl("biased_batch_norm", lambda x, *_: torch.empty_like(x), "CompositeExplicitAutograd")


@contextmanager
def as_one_op(module: nn.Module) -> Iterator[None]:
    """Exact forms within the module are recorded as ops of their own while this is open."""
    found = [part for part in module.modules() if _is_exact(part)]
    for part in found:
        part.forward = partial(_biased_batch_norm, part)
    try:
        yield
    finally:
        for part in found:
            del part.forward


def _is_exact(module: nn.Module) -> bool:
    kind = type(module)
    if kind.__name__ not in _BATCH_NORMS:
        return False
    try:
        written = textwrap.dedent(inspect.getsource(kind))
    except (OSError, TypeError):
        return False
    return written.strip() == EXACT[kind.__name__].strip()


def _biased_batch_norm(module: Any, x: Tensor) -> Tensor:
    result: Tensor = torch.ops.isograd.biased_batch_norm(
        x,
        module.weight,
        module.bias,
        module.running_mean,
        module.running_var,
        module.training,
        module.momentum,
        module.eps,
        False,
    )
    return result
