"""What AOTAutograd makes of forward pass and loss: a forward and a backward graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, fx

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.views.failing import need, until_failure
from isograd.frameworks.torch.views.flows import Holdings
from isograd.frameworks.torch.views.fx import Read, selections, settle_sums
from isograd.frameworks.torch.views.located import Locator, Place
from isograd.frameworks.torch.views.subjects import eager_step
from isograd.frameworks.torch.views.tensors import Held, held
from isograd.views import Operation, View

TITLE = "AOTAutograd graphs"
ABOUT = (
    "Forward pass and loss, and the backward pass, as AOTAutograd hands them to a compiler: "
    "functional, decomposed, divided so that little is kept (torch.compile with a backend that "
    "keeps the graphs)."
)


def show(subject: Subject) -> View:
    """Figures: ``nodes_forward``, ``nodes_backward``, ``selections`` among them, and ``saved``, the
    values that the forward graph keeps for the backward graph."""
    executor, rows = eager_step(subject)
    given = [*held(executor), Held("rows", "input", rows)]
    view = View("torch", "aot", TITLE, ABOUT)
    pair = Pair(given)
    both = need("torch._functorch.config.patch")(force_non_lazy_backward_lowering=True)
    with until_failure(view, subject), both:
        pair.compiled(executor._loss_of)(rows)
    if pair.forward is not None:
        view.operations = _joined(pair, pair.forward, Locator(subject)) + view.operations
        view.figures = _figures(pair, pair.forward)
    return view


class Pair:
    """A backend of `torch.compile` that keeps the graphs that it is given, and runs them."""

    def __init__(self, given: Sequence[Held]) -> None:
        self.inputs: list[Held] = []
        self.forward: fx.GraphModule | None = None
        self.backward: fx.GraphModule | None = None
        self._given = Holdings(given)
        self._boxed = need("torch._functorch.aot_autograd.make_boxed_func")
        self._autograd = need("torch._dynamo.backends.common.aot_autograd")(
            fw_compiler=self._keep_forward,
            bw_compiler=self._keep_backward,
            partition_fn=need("torch._functorch.partitioners.min_cut_rematerialization_partition"),
        )

    def compiled(self, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        torch._dynamo.reset()
        torch._dynamo.config.allow_rnn = True
        return torch.compile(function, fullgraph=True, dynamic=False, backend=self._backend)

    def _backend(self, module: fx.GraphModule, examples: Sequence[Any]) -> Any:
        places = [node for node in module.graph.nodes if node.op == "placeholder"]
        self.inputs = [self._given.of(node.meta["grapharg"].example) for node in places]
        return self._autograd(module, examples)

    def _keep_forward(self, module: fx.GraphModule, examples: Sequence[Any]) -> Any:
        self.forward = module
        return self._boxed(module)

    def _keep_backward(self, module: fx.GraphModule, examples: Sequence[Any]) -> Any:
        self.backward = module
        return self._boxed(module)


def _joined(pair: Pair, forward: fx.GraphModule, locator: Locator) -> list[Operation]:
    """Both graphs as one: what the backward graph is handed, it reads where it is made."""
    reader = Read(locator)
    given = {
        node.name: each.operation(each.name)
        for node, each in zip(_placeholders(forward), pair.inputs, strict=True)
    }
    found = reader.operations(forward.graph, given)
    if pair.backward is not None:
        tangent = {
            node.name: Operation("gradient of the loss", "input", phase="input")
            for node in _placeholders(pair.backward)
        }
        found += reader.operations(pair.backward.graph, tangent, _backward)
        _name_gradients(reader.outputs(pair.backward.graph), pair, found)
    settle_sums(found)
    return found


def _placeholders(module: fx.GraphModule) -> list[fx.Node]:
    return [node for node in module.graph.nodes if node.op == "placeholder"]


def _backward(node: fx.Node, place: Place) -> Place:
    """AOTAutograd gives an operator of the backward graph the stack of the forward operator whose
    gradient it computes."""
    return replace(place, phase="backward")


def _name_gradients(
    ports: Sequence[tuple[str, int] | None], pair: Pair, found: Sequence[Operation]
) -> None:
    """The backward graph returns a gradient for each input of the forward graph, or none."""
    made = {operation.name: operation for operation in found}
    for given, port in zip(pair.inputs, ports, strict=True):
        if port is not None and given.kind == "parameter":
            attributes = made[port[0]].attributes
            known = attributes.get("parameter")
            attributes["parameter"] = f"{known}, {given.name}" if known else given.name


def _figures(pair: Pair, forward: fx.GraphModule) -> dict[str, float]:
    graphs = [module.graph for module in (forward, pair.backward) if module is not None]
    handed = [] if pair.backward is None else _placeholders(pair.backward)
    return {
        "nodes_forward": len(forward.graph.nodes),
        "nodes_backward": sum(len(graph.nodes) for graph in graphs[1:]),
        "selections": sum(map(selections, graphs)),
        "saved": sum(not node.name.startswith("tangents") for node in handed),
    }
