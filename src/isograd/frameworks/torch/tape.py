"""A tape of PyTorch's: every value and gradient of a graph, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from isograd.frameworks.torch.emitter import DIALECT
from isograd.frameworks.torch.executor import HandedOverMask
from isograd.frameworks.watched import Watched, watch
from isograd.ir.graph import Graph
from isograd.ir.layout import assign_logical
from isograd.ir.mapping import Array, Arrays

_DTYPES = {"float": torch.float64, "int": torch.int64, "bool": torch.bool}


class TorchRecording:
    """One pass; see `isograd.frameworks.protocol.Recording`."""

    def __init__(self, graph: Graph, tensors: dict[str, Tensor], state: dict[str, Tensor]) -> None:
        self._tensors = tensors
        self._parameters = {name: state[name] for name in graph.trainable}
        self.values: Arrays = {name: tensor.numpy(force=True) for name, tensor in tensors.items()}
        self.outputs: Arrays = {name: self.values[name] for name in graph.outputs}
        self.statistics: Arrays = {
            name: tensor.numpy(force=True)
            for name, tensor in state.items()
            if name not in self._parameters
        }

    def pull(self, cotangents: Arrays) -> Arrays:
        outputs = [self._tensors[name] for name in cotangents]
        given = [torch.from_numpy(np.asarray(a, np.float64)) for a in cotangents.values()]
        floating = {name: x for name, x in self._tensors.items() if x.is_floating_point()}
        sources = {**floating, **self._parameters}
        found = torch.autograd.grad(
            outputs,
            list(sources.values()),
            given,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        return {name: g.numpy(force=True) for name, g in zip(sources, found, strict=True)}


class TorchTape:
    """A graph as a module; see `isograd.frameworks.protocol.Tape`.

    A pass brings its own tensors for the module's, so that recordings outlive the next pass.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._watched: Watched = watch(graph, DIALECT, assign_logical)
        self._links = {link.reference: link.twin for link in self._watched.emitted.parameters.links}
        self._tensors: dict[str, Tensor] = {}
        with _double(), torch.device("meta"):  # nobody needs initial values
            self._model = self._watched.network(self._seen)
        self._model.to_empty(device="cpu")
        for attribute in self._watched.emitted.dropouts.values():
            self._model.set_submodule(attribute, HandedOverMask(()))
        for name, buffer in self._model.named_buffers():
            if name not in self._links.values():
                buffer.zero_()

    def run(
        self,
        weights: Arrays,
        inputs: tuple[Array, ...],
        *,
        training: bool,
        masks: Arrays | None = None,
    ) -> TorchRecording:
        state = {name: self._parameter(name, weights[name]) for name in self.graph.parameters}
        handed = self._masks(masks or {}) if training else {}
        native = {native: state[self._watched.owners[n]] for n, native in self._links.items()}
        tensors = self._tensors = self._inputs(inputs)
        self._model.train(training)
        with _double(), torch.enable_grad():
            functional_call(self._model, native | handed, tuple(tensors.values()))
        self._tensors = {}
        return TorchRecording(self.graph, self._watched.in_order(tensors), state)

    def _seen(self, name: str, value: Tensor) -> Tensor:
        """Keeps the value as a tensor of its own: one that is handed through, or a constant, has a
        gradient of its own, too."""
        value = value.view_as(value)
        if value.is_floating_point() and not value.requires_grad:
            value = value.detach().requires_grad_()
        self._tensors[name] = value
        return value

    def _inputs(self, inputs: tuple[Array, ...]) -> dict[str, Tensor]:
        kinds = self.graph.inputs
        return {
            name: torch.tensor(array, dtype=_DTYPES[kind.dtype]).requires_grad_(
                kind.dtype == "float"
            )
            for (name, kind), array in zip(kinds.items(), inputs, strict=True)
        }

    def _parameter(self, name: str, array: Array) -> Tensor:
        spec = self.graph.parameters[name]
        return torch.tensor(array, dtype=_DTYPES[spec.dtype]).requires_grad_(spec.trainable)

    def _masks(self, masks: Arrays) -> dict[str, Tensor]:
        """Native name of each mask to its value."""
        return {
            f"{attribute}.mask": torch.tensor(masks[node], dtype=torch.float64)
            for node, attribute in self._watched.emitted.dropouts.items()
        }


@contextmanager
def _double() -> Iterator[None]:
    """New tensors are in float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def open_tape(graph: Graph) -> TorchTape:
    """A tape for the graph. Raises `UsageError` when the emitter lacks one of its ops."""
    return TorchTape(graph)
