"""Who made what a tensor holds now, where tensors share memory and are written in place."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from isograd.frameworks.torch.views.tensors import Held

Port = tuple[str, int]
"""A value of an operation: its name, and the number of the value."""

Shown = tuple[Any, ...]
"""Which part of a memory a tensor shows."""


@dataclass
class _Memory:
    """One storage: who made it, or wrote it last, and who made the views of it since."""

    port: Port
    views: dict[Shown, Port] = field(default_factory=dict)


class Flows:
    """Follows values through memory.

    A tensor that was seen before is known by its identity; another one that shows the same part of
    the same memory (such as one that was saved for the backward pass) stands for it. A write makes
    all views of a memory the writer's.
    """

    def __init__(self) -> None:
        self._memories: dict[int, _Memory] = {}
        self._seen: dict[int, tuple[weakref.ref[Tensor], int, Port]] = {}
        self._writes: dict[int, int] = {}

    def port(self, tensor: Tensor) -> Port | None:
        """Who made what it holds; None for what is not known yet."""
        memory = self._memories.get(_storage(tensor))
        if memory is None:
            return None
        reference, write, port = self._seen.get(tensor._cdata, (None, -1, memory.port))
        if reference is not None and reference() is tensor and write == self._write(tensor):
            return port
        return memory.views.get(_shown(tensor), memory.port)

    def begin(self, tensor: Tensor, port: Port) -> None:
        """A memory that nobody had before."""
        self._memories[_storage(tensor)] = _Memory(port, {_shown(tensor): port})
        self._writes[_storage(tensor)] = self._write(tensor) + 1
        self._see(tensor, port)

    def view(self, tensor: Tensor, port: Port) -> None:
        """Another tensor for a memory that is known."""
        self._memories[_storage(tensor)].views.setdefault(_shown(tensor), port)
        self._see(tensor, port)

    def write(self, tensor: Tensor, port: Port) -> None:
        """A memory has other contents from now on."""
        self.begin(tensor, port)

    def knows(self, tensor: Tensor) -> bool:
        return _storage(tensor) in self._memories

    def _see(self, tensor: Tensor, port: Port) -> None:
        self._seen[tensor._cdata] = (weakref.ref(tensor), self._write(tensor), port)

    def _write(self, tensor: Tensor) -> int:
        return self._writes.get(_storage(tensor), 0)


class Holdings:
    """Finds what a step was given by its memory."""

    def __init__(self, found: Iterable[Held]) -> None:
        self._by_storage: dict[int, Held] = {}
        for each in found:
            self._by_storage.setdefault(_storage(each.tensor), each)

    def of(self, tensor: Tensor) -> Held:
        """What is in the tensor's memory; a constant, if it was not given."""
        return self._by_storage.get(_storage(tensor), Held("constant", "constant", tensor))


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _shown(tensor: Tensor) -> Shown:
    return tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype


def storages(tensors: Iterable[Tensor]) -> set[int]:
    """The memories of tensors."""
    return {_storage(tensor) for tensor in tensors}


def unique_bytes(tensors: Iterable[Tensor]) -> int:
    """Bytes of the memories of tensors, each counted once."""
    found = {_storage(tensor): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(found.values())
