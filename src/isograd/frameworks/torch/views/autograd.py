"""The backward graph that autograd builds while the forward pass runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.views.failing import until_failure
from isograd.frameworks.torch.views.flows import Holdings, storages, unique_bytes
from isograd.frameworks.torch.views.functions import Node, kind, origin, reachable, remembering
from isograd.frameworks.torch.views.located import Locator
from isograd.frameworks.torch.views.names import Names
from isograd.frameworks.torch.views.subjects import eager_step
from isograd.frameworks.torch.views.tensors import dtype_name, held, sizes, value_of
from isograd.views import Operation, Value, View

TITLE = "Autograd graph"
ABOUT = (
    "The functions that will compute the gradients, as autograd recorded them during the forward "
    "pass (grad_fn.next_functions, from the loss to the parameters), and what they keep for it."
)


def show(subject: Subject) -> View:
    """Figures: ``nodes``; ``saved_bytes``, of the memory that the forward pass keeps for the
    backward pass beyond parameters and buffers, and ``saved_parameters``, of those."""
    executor, rows = eager_step(subject)
    view = View("torch", "autograd", TITLE, ABOUT)
    latest, saved = Latest(), list[Tensor]()
    with until_failure(view, subject), remembering(), latest, _saving(saved):
        executor._loss_of(rows)
    nodes = reachable(latest.roots())
    described = _Describer(Locator(subject), executor).operations(nodes)
    if view.operations and described:
        _lead(view.operations[0], described[0])
    view.operations += described
    own = storages(executor._native_state().values())
    kept = [tensor for tensor in saved if not storages([tensor]) <= own]
    view.figures = {
        "nodes": len(nodes),
        "saved_bytes": unique_bytes(kept),
        "saved_parameters": unique_bytes(saved) - unique_bytes(kept),
    }
    return view


class Latest(TorchFunctionMode):
    """Keeps what was computed last: a loss, or what there is of a network that failed."""

    def __init__(self) -> None:
        super().__init__()
        self._last: Tensor | None = None

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and result.grad_fn is not None:
            self._last = result
        return result

    def roots(self) -> list[Node]:
        return [] if self._last is None else [self._last.grad_fn]


def _lead(failed: Operation, first: Operation) -> None:
    """Puts what failed where its gradient would have been."""
    failed.phase = "backward"
    failed.values = (Value("none"),)
    first.reads = ((failed.name, 0),)


def _saving(saved: list[Tensor]) -> Any:
    def pack(tensor: Tensor) -> Tensor:
        saved.append(tensor.detach())
        return tensor

    return torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)


class _Describer:
    def __init__(self, locator: Locator, executor: EagerExecutor) -> None:
        self._locator = locator
        self._given = Holdings(held(executor))
        self._names = Names()

    def operations(self, nodes: list[Node]) -> list[Operation]:
        """Values are gradients: value number i goes to the i-th of the next functions."""
        names = {node: self._names.new(kind(node)) for node in nodes}
        reads: dict[Node, list[tuple[str, int]]] = {node: [] for node in nodes}
        for node in nodes:
            for number, (other, _) in enumerate(node.next_functions):
                if other is not None:
                    reads[other].append((names[node], number))
        return [self._operation(node, names[node], tuple(reads[node])) for node in nodes]

    def _operation(self, node: Node, name: str, reads: tuple[tuple[str, int], ...]) -> Operation:
        place = origin(node, self._locator)
        variable = getattr(node, "variable", None)
        attributes = self._saved(node)
        if variable is not None:
            attributes["parameter"] = self._given.of(variable).name
        return Operation(
            name,
            kind(node),
            reads,
            tuple(_gradient(other, number) for other, number in node.next_functions),
            phase="backward",
            node=place.node,
            source=place.source,
            attributes=attributes,
        )

    def _saved(self, node: Node) -> dict[str, str]:
        """What it keeps, whose that is if it is no activation, and bytes of the activations."""
        found, bytes_ = {}, 0
        for name, tensor in saved_tensors(node):
            given = self._given.of(tensor)
            owner = "" if given.kind == "constant" else f" of {given.name}"
            found[f"saved {name}"] = value_of(tensor).text + owner
            if given.kind not in ("parameter", "buffer"):
                bytes_ += value_of(tensor).bytes or 0
        return found | ({"saved_bytes": str(bytes_)} if bytes_ else {})


def saved_tensors(node: Node) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a node keeps for the backward pass."""
    for name in dir(node):
        if name.startswith("_saved_"):
            kept = getattr(node, name)
            several = kept if isinstance(kept, (list, tuple)) else [kept]
            yield from (
                (name.removeprefix("_saved_"), each) for each in several if isinstance(each, Tensor)
            )
    yield from (("tensor", each) for each in getattr(node, "saved_tensors", ()) if each is not None)


def _gradient(node: Node | None, number: int) -> Value:
    if node is None:
        return Value("none")
    metadata = node._input_metadata[number]
    return Value(dtype_name(metadata.dtype), sizes(metadata.shape))
