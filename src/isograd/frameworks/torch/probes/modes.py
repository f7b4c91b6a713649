"""How a snippet runs a function in each of PyTorch's modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from isograd.errors import unknown


class Eager:
    """Python calls one operation after the other."""

    name = "eager"

    def run(self, function: Callable[..., Any], *examples: Tensor, varying: bool = False) -> Any:
        """The function, as this mode runs it. ``examples`` are what it may be called with;
        ``varying`` declares that the size of their first axis changes from call to call."""
        return function

    def builds(self) -> int:
        """How often a graph was traced or compiled so far."""
        return 0


class Traced(Eager):
    """``torch.jit.trace``: what one call did, written down."""

    name = "jit"

    def __init__(self) -> None:
        self._traces = 0

    def run(self, function: Callable[..., Any], *examples: Tensor, varying: bool = False) -> Any:
        self._traces += 1
        return torch.jit.trace(function, examples)

    def builds(self) -> int:
        return self._traces


class Compiled(Eager):
    """``torch.compile``: what Python does with tensors, compiled at the first call."""

    name = "compile"

    def run(self, function: Callable[..., Any], *examples: Tensor, varying: bool = False) -> Any:
        return torch.compile(function, dynamic=True if varying else None)

    def builds(self) -> int:
        return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])


MODES: dict[str, type[Eager]] = {mode.name: mode for mode in (Eager, Traced, Compiled)}


def open_mode(name: str) -> Eager:
    """The mode of this name. Raises `UsageError` for an unknown one."""
    if name not in MODES:
        raise unknown("torch mode", name, MODES)
    return MODES[name]()
