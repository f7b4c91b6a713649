"""What tensors are called, and what flows along edges."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from isograd.frameworks.torch.executor import EagerExecutor
from isograd.views import Operation, Value

LONG = 60
"""Characters of an attribute that are shown."""


@dataclass(frozen=True)
class Held:
    """A tensor that a step finds: ``kind`` is ``parameter``, ``buffer``, ``input``, ``target``,
    ``state`` (of the optimizer) or ``constant``; ``parameter`` is the one that it is or belongs to.
    """

    name: str
    kind: str
    tensor: Tensor
    parameter: str = ""

    def operation(self, name: str) -> Operation:
        """What holds it in a view."""
        owned = {"parameter": self.parameter} if self.parameter else {}
        return Operation(
            name, self.kind, values=(value_of(self.tensor),), phase="input", attributes=owned
        )


def held(executor: EagerExecutor) -> list[Held]:
    """Everything that a training step of the executor reads, when it has its data."""
    trainable = set(executor.plan.trainable)
    state = executor._native_state()
    found = [
        Held(name, "parameter", tensor, name) if name in trainable else Held(name, "buffer", tensor)
        for name, tensor in sorted(state.items(), key=lambda item: item[0] not in trainable)
    ]
    found += [
        Held(name, "input", tensor)
        for name, tensor in zip(input_names(executor), executor.data, strict=True)
    ]
    found.append(Held("targets", "target", executor.targets))
    return found + _optimizer_state(executor)


def input_names(executor: EagerExecutor) -> list[str]:
    """What ``forward`` calls its inputs."""
    count = len(executor.plan.inputs)
    names = list(inspect.signature(executor.model.forward).parameters)[:count]
    return names if len(names) == count else [f"input_{number}" for number in range(count)]


def _optimizer_state(executor: EagerExecutor) -> list[Held]:
    names = executor.plan.trainable
    if hasattr(executor, "_slots"):  # of a compiled step
        slots = [
            (name, slot, tensor)
            for slot, tensors in executor._slots.items()
            for name, tensor in zip(names, tensors, strict=True)
        ]
    else:
        named = dict(zip(names, executor.parameters, strict=True))
        slots = [
            (name, slot, tensor)
            for name, parameter in named.items()
            for slot, tensor in executor.optimizer.state.get(parameter, {}).items()
        ]
    return [
        Held(f"{name}.{slot}", "state", tensor, name)
        for name, slot, tensor in slots
        if isinstance(tensor, Tensor)
    ]


def value_of(tensor: Any) -> Value:
    """Of a tensor, real or fake, or of what is none. A size that is a symbol is open."""
    if not isinstance(tensor, Tensor):
        return Value(type(tensor).__name__)
    return Value(dtype_name(tensor.dtype), sizes(tensor.shape))


def sizes(shape: Any) -> tuple[int | None, ...]:
    """Those that are symbols are None."""
    return tuple(size if isinstance(size, int) else None for size in shape)


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def settings_of(function: Any, args: Any, kwargs: Any, flowing: type) -> dict[str, str]:
    """The arguments of an operator that are no values (of the type ``flowing``), by name."""
    schema = getattr(function, "_schema", None)
    names = [argument.name for argument in schema.arguments] if schema else []
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    found = {}
    for name, setting in given.items():
        if setting is None or any(isinstance(leaf, flowing) for leaf in tree_leaves(setting)):
            continue
        text = str(setting)
        found[name] = text if len(text) <= LONG else f"{text[: LONG - 1]}…"
    return found
