"""FX graphs of the user's own modules, by the names that the user knows."""

from __future__ import annotations

import re

from torch import fx

from isograd.frameworks.torch.importing.sources import module_path
from isograd.frameworks.torch.views.fx import Read
from isograd.frameworks.torch.views.live import LiveNetwork
from isograd.views import Operation

_OWN = re.compile(r"^(L\['self'\]|_export_root)\.?")
_STATE = re.compile(r"^L_self_(?:modules_)?(.+?)_?$")


def read_graph(
    network: LiveNetwork, graph: fx.Graph, given: dict[str, Operation]
) -> list[Operation]:
    """The operations, with modules and lines of the user's. ``given`` are for placeholders."""
    for node in graph.nodes:
        if "val" not in node.meta and "example_value" in node.meta:
            node.meta["val"] = node.meta["example_value"]  # dynamo's name for it
    reader = Read(network.locator)
    found = reader.operations(graph, given)
    named = {operation.name: operation for operation in found}
    for node in graph.nodes:
        operation = named.get(reader.ports.get(node.name, ("", 0))[0])
        if operation is not None and operation.phase != "input":
            operation.phase = "forward"
            operation.scope = _OWN.sub("", module_path(node))
    return found


def exported_inputs(network: LiveNetwork, graph: fx.Graph) -> dict[str, Operation]:
    """Placeholders of a graph that takes all parameters and buffers, then the inputs."""
    state = [(name, "parameter") for name, _ in network.model.named_parameters()]
    state += [(name, "buffer") for name, _ in network.model.named_buffers()]
    names = [*state, *((spec.name, "input") for spec in network.specs)]
    places = [node.name for node in graph.nodes if node.op == "placeholder"]
    if len(places) != len(names):
        return {place: Operation(place, "input", phase="input") for place in places}
    return {
        place: Operation(name, kind, phase="input")
        for place, (name, kind) in zip(places, names, strict=True)
    }


def compiled_inputs(graph: fx.Graph) -> dict[str, Operation]:
    """Placeholders of one of dynamo's graphs, which are named by where Python finds the value."""
    found = {}
    for node in graph.nodes:
        if node.op == "placeholder":
            state = _STATE.match(str(node.target))
            name = re.sub(r"_(parameters|buffers|modules)_", ".", state[1]) if state else ""
            kind = "parameter" if state else "input"
            found[node.name] = Operation(name or _plain(node), kind, phase="input")
    return found


def _plain(node: fx.Node) -> str:
    return str(node.target).removeprefix("L_").rstrip("_")
