"""What AOTAutograd makes of forward pass and loss: a forward and a backward graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.views.failing import need, until_failure
from isograd.frameworks.torch.views.flows import Holdings
from isograd.frameworks.torch.views.fx import Read, selections, settle_sums
from isograd.frameworks.torch.views.located import Locator, Place, traced_frames
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
    for forward in pair.forwards:
        view.operations = _joined(pair, forward, Locator(subject), executor) + view.operations
        view.figures = _figures(pair, forward)
    return view


class Pair:
    """A backend of `torch.compile` that keeps the graphs that it is given, and runs them."""

    def __init__(self, given: Sequence[Held]) -> None:
        self.forwards: list[fx.GraphModule] = []
        self.backwards: list[fx.GraphModule] = []
        self.inputs: list[Held] = []
        self._given = Holdings(given)
        self._autograd = need("torch._dynamo.backends.common.aot_autograd")(
            fw_compiler=self._kept(self.forwards),
            bw_compiler=self._kept(self.backwards),
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

    def _kept(self, graphs: list[fx.GraphModule]) -> Callable[..., Any]:
        boxed = need("torch._functorch.aot_autograd.make_boxed_func")

        def keep(module: fx.GraphModule, examples: Sequence[Any]) -> Any:
            graphs.append(module)
            return boxed(module)

        return keep


def _joined(
    pair: Pair, forward: fx.GraphModule, locator: Locator, executor: EagerExecutor
) -> list[Operation]:
    """Both graphs as one: what the backward graph is handed, it reads where it is made."""
    reader = Read(locator)
    placeholders = [node for node in forward.graph.nodes if node.op == "placeholder"]
    given = {
        node.name: Operation(each.name, each.kind, phase="input")
        for node, each in zip(placeholders, pair.inputs, strict=True)
    }
    found = reader.operations(forward.graph, given)
    origins = {
        node.meta.get("seq_nr"): locator.place(traced_frames(node.meta.get("stack_trace")))
        for node in forward.graph.nodes
        if node.op == "call_function" and node.meta.get("seq_nr") is not None
    }

    def placed(node: fx.Node, place: Place) -> Place:
        origin = origins.get(node.meta.get("seq_nr"))
        tied = place if place.node is not None or origin is None else origin
        return Place(tied.node, "backward", tied.source)

    tangent = {
        node.name: Operation("gradient of the loss", "input", phase="input")
        for backward in pair.backwards
        for node in backward.graph.nodes
        if node.op == "placeholder"
    }
    for backward in pair.backwards:
        found += reader.operations(backward.graph, tangent, placed)
        _name_gradients(reader, backward, pair, found, executor)
    settle_sums(found)
    return found


def _name_gradients(
    reader: Read,
    backward: fx.GraphModule,
    pair: Pair,
    found: list[Operation],
    executor: EagerExecutor,
) -> None:
    trainable = set(executor.plan.trainable)
    made = {operation.name: operation for operation in found}
    for given, port in zip(pair.inputs, reader.outputs(backward.graph), strict=True):
        if port is not None and given.name in trainable:
            attributes = made[port[0]].attributes
            attributes["parameter"] = ", ".join(
                filter(None, (attributes.get("parameter"), given.name))
            )


def _figures(pair: Pair, forward: fx.GraphModule) -> dict[str, float]:
    graphs = [forward.graph, *(backward.graph for backward in pair.backwards)]
    kept = [
        node
        for backward in pair.backwards
        for node in backward.graph.nodes
        if node.op == "placeholder" and not node.name.startswith("tangents")
    ]
    return {
        "nodes_forward": len(forward.graph.nodes),
        "nodes_backward": sum(len(backward.graph.nodes) for backward in pair.backwards),
        "selections": sum(map(selections, graphs)),
        "saved": len(kept),
    }
