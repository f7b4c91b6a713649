"""What `torch.compile` makes of a network that depends on data: several graphs, and Python between
them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isograd.frameworks.torch.views.breaking import breaks_of, explained, refusal
from isograd.frameworks.torch.views.live import LiveNetwork
from isograd.frameworks.torch.views.live_fx import compiled_inputs, read_graph
from isograd.frameworks.torch.views.recompiling import compilations
from isograd.frameworks.torch.views.retracing import recompiles
from isograd.views import Event, View
from isograd.views.calls import Call
from isograd.views.variations import variations

ABOUT = (
    "What torch.compile makes of call 1: it breaks the graph wherever Python needs a value, runs "
    "that line in Python, and goes on with another graph (torch._dynamo.explain)."
)


def show(network: LiveNetwork) -> list[View]:
    """One view for each of the graphs. Figures of the first: ``graphs`` and ``graph_breaks``, as
    dynamo counts them; ``graphs_at_all_calls`` that are shown, and ``recompiles`` there."""
    calls = [call for call, _ in network.differing_calls()]
    inputs = network.tensors(calls[0])
    found = explained(network.model, inputs)
    views = _graphs(network, found)
    first = views[0]
    first.figures = {"graphs": found.graph_count, "graph_breaks": found.graph_break_count}
    refused = refusal(network.model, inputs)
    first.events = breaks_of(found) + ([refused] if refused else [])
    _follow(network, calls, first)
    again = recompiles(network.model, variations(calls[0].inputs)).recompiles
    first.events += [event for event in again if event.source]
    return views


def _follow(network: LiveNetwork, calls: Sequence[Call], first: View) -> None:
    """What is compiled at the calls that are shown, one after the other."""
    found = compilations(network.model, [network.tensors(call) for call in calls])
    first.figures["graphs_at_all_calls"] = found.graphs
    first.figures["recompiles"] = sum(event.count for event in found.recompiles)
    first.events += [*found.failures[:1], *found.recompiles]
    if found.graphs > first.figures["graphs"]:
        text = f"After the {len(calls)} calls that are shown, {found.graphs} graphs are compiled."
        first.events.append(Event("change", text))


def _graphs(network: LiveNetwork, found: Any) -> list[View]:
    views = []
    for number, module in enumerate(found.graphs, 1):
        stage = "aot" if number == 1 else f"aot-{number}"
        title = f"torch.compile's graph {number} of {len(found.graphs)}"
        operations = read_graph(network, module.graph, compiled_inputs(module.graph))
        views.append(View("torch", stage, title, ABOUT, operations))
    return views or [View("torch", "aot", "torch.compile", ABOUT)]
