"""From a checkpoint's tensors to a graph's parameters, and back: names, ties, transposition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isograd.checkpoints.checkpoint import CARRIERS, Checkpoint, TensorInfo
from isograd.errors import UsageError
from isograd.ir.graph import Graph, Weights
from isograd.ir.mapping import Array
from isograd.text.architectures import Architecture

MOST_NAMED = 5
"""How many tensors an error names."""

FLOATING = ("F32", "BF16", "F16", "F64")
"""Element types that weights may have. Others hold a quantised network, which is another one."""

_OLD_NAMES = ((re.compile(r"\.gamma$"), ".weight"), (re.compile(r"\.beta$"), ".bias"))
"""How the first checkpoints called the parameters of normalisations."""


def weights_of(
    checkpoint: Checkpoint, graph: Graph, architecture: Architecture, where: str
) -> Weights:
    """The graph's parameters, float32 (float64 where the checkpoint has that), logical layout.
    ``where`` names the checkpoint in errors.

    Raises `UsageError` when a tensor is missing, left over, of another shape or no floating-point
    one, and when two copies of a tied tensor differ.
    """
    reading = _Reading(checkpoint, graph, architecture, where)
    reading.check_complete()
    return {name: reading.parameter(name) for name in graph.parameters}


def tensors_of(weights: Mapping[str, Array], architecture: Architecture) -> dict[str, Array]:
    """The tensors of a checkpoint, float32, in the layout that it has; each tied one once."""
    return {
        name: np.ascontiguousarray(_turned(array.astype(np.float32), name, architecture))
        for name, array in weights.items()
    }


@dataclass(frozen=True)
class _Reading:
    """A checkpoint that is being read into a graph."""

    checkpoint: Checkpoint
    graph: Graph
    architecture: Architecture
    where: str

    @cached_property
    def copies(self) -> dict[str, str]:
        """Second names of tied tensors to the parameters that they are."""
        own = self.graph.parameters
        return {copy: name for copy, name in self.architecture.copies if copy not in own}

    @cached_property
    def sources(self) -> dict[str, str]:
        """A name as the architecture has it, to that of the tensor in the checkpoint."""
        prefix = f"{self.architecture.prefix}."
        bare = not any(name.startswith(prefix) for name in self.checkpoint.names)
        own = {*self.graph.parameters, *self.copies}
        found = {}
        for source in self.checkpoint.names:
            name = source
            for pattern, new in _OLD_NAMES:
                name = pattern.sub(new, name)
            found[prefix + name if bare and name not in own else name] = source
        return found

    def check_complete(self) -> None:
        """Raises `UsageError` for tensors that are missing or left over."""
        held = {self.copies.get(name, name) for name in self.sources}
        missing = [name for name in self.graph.parameters if name not in held]
        if missing:
            raise UsageError(
                f"This checkpoint lacks {_listed(missing)} of {self.architecture.name}.",
                where=self.where,
                hint="Does 'architectures' in config.json name what this checkpoint is of?",
            )
        extra = sorted(held - set(self.graph.parameters))
        extra = [name for name in extra if not self.architecture.is_unused(name)]
        if extra:
            raise UsageError(
                f"{self.architecture.name} has no place for {_listed(extra)} of this checkpoint.",
                where=self.where,
                hint="Do the sizes in config.json, such as the number of layers, belong to it?",
            )

    def parameter(self, name: str) -> Array:
        """One parameter, from whichever of its copies are there; they must be equal."""
        names = [name, *(copy for copy, own in self.copies.items() if own == name)]
        names = [one for one in names if one in self.sources]
        first, *others = (self._array(one, self.graph.parameters[name].shape) for one in names)
        if any(not np.array_equal(first, other) for other in others):
            raise UsageError(
                f"{names[0]!r} and {names[1]!r} are tied by config.json, but they differ.",
                where=self.where,
                hint="Set tie_word_embeddings to false in config.json if they are two tensors.",
            )
        return first

    def _array(self, name: str, shape: tuple[int, ...]) -> Array:
        source = self.sources[name]
        info = self.checkpoint.info(source)
        expected = shape[::-1] if self.architecture.is_transposed(name) else shape
        if info.shape != expected:
            raise UsageError(
                f"Tensor {source!r} has the shape {list(info.shape)}; by config.json it is "
                f"{list(expected)}.",
                where=self.where,
            )
        if info.dtype not in FLOATING:
            raise UsageError(
                f"Tensor {source!r} holds {info.dtype}: a quantised checkpoint cannot be read.",
                where=self.where,
                hint=f"Get one in {', '.join(FLOATING)}.",
            )
        array = widened(self.checkpoint.read(source), info.dtype)
        return np.ascontiguousarray(_turned(array, name, self.architecture))


def _turned(array: Array, name: str, architecture: Architecture) -> Array:
    return array.T if architecture.is_transposed(name) else array


def widened(array: Array, dtype: str) -> Array:
    """What a checkpoint's bits of element type ``dtype`` stand for, in float32 or wider; exact."""
    if dtype == "BF16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array if dtype == "F64" else array.astype(np.float32)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else shown


def layout_of(tensors: Mapping[str, Array]) -> dict[str, TensorInfo]:
    """What a file of these float32 tensors holds."""
    assert all(array.dtype == CARRIERS["F32"] for array in tensors.values())
    return {name: TensorInfo("F32", array.shape) for name, array in tensors.items()}
