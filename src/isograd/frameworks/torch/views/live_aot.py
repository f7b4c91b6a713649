"""What `torch.compile` makes of a network that depends on data: several graphs, and Python between
them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from isograd.frameworks.torch.importing.exporting import in_mode
from isograd.frameworks.torch.views.failing import need
from isograd.frameworks.torch.views.live import LiveNetwork
from isograd.frameworks.torch.views.live_fx import compiled_inputs, read_graph
from isograd.frameworks.torch.views.recompiling import compilations
from isograd.references import first_line, is_user_file
from isograd.views import Event, View
from isograd.views.calls import Call
from isograd.views.decisions import shown

ABOUT = (
    "What torch.compile makes of call 1: it breaks the graph wherever Python needs a value, runs "
    "that line in Python, and goes on with another graph (torch._dynamo.explain)."
)


def show(network: LiveNetwork) -> list[View]:
    """One view for each of the graphs. Figures of the first: ``graphs`` and ``graph_breaks``, as
    dynamo counts them; ``graphs_at_all_calls`` that are shown, and ``recompiles`` there."""
    calls = [call for call, _ in network.differing_calls()]
    explain = need("torch._dynamo.explain")
    torch._dynamo.reset()
    with in_mode(network.model, True):
        found = explain(network.model)(*network.tensors(calls[0]))
    torch._dynamo.reset()
    views = _graphs(network, found)
    first = views[0]
    first.figures = {"graphs": found.graph_count, "graph_breaks": found.graph_break_count}
    breaks = [reason for reason in found.break_reasons if reason.graph_break]
    first.events = [_break(reason) for reason in breaks]
    refusal = _refusal(network, calls[0].inputs)
    if refusal is not None:
        first.events.append(refusal)
    _follow(network, calls, first)
    return views


def _follow(network: LiveNetwork, calls: Sequence[Call], first: View) -> None:
    """What is compiled at the calls that are shown, one after the other."""
    found = compilations(network.model, [network.tensors(call) for call in calls])
    first.figures["graphs_at_all_calls"] = found.graphs
    first.figures["recompiles"] = sum(event.count for event in found.recompiles)
    first.events += found.recompiles
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


def _break(reason: Any) -> Event:
    own = [frame for frame in reason.user_stack if is_user_file(frame.filename)]
    source = shown((own[-1].filename, own[-1].lineno or 0)) if own else None
    return Event("break", f"The graph ends here: {words(reason.reason)}.", source)


def words(reason: str) -> str:
    """Dynamo's reason for a break, for people."""
    if reason.startswith("generic_jump"):
        return "Python chooses by a tensor's value where to go on"
    return " ".join(reason.split()).rstrip(".")[:200]


def _refusal(network: LiveNetwork, arrays: Any) -> Event | None:
    """What ``fullgraph=True`` says."""
    inputs = network.executor._inputs(arrays)
    unsupported = need("torch._dynamo.exc.Unsupported")
    try:
        with in_mode(network.model, True):
            torch.compile(network.model, backend="eager", fullgraph=True)(*inputs)
    except unsupported as error:
        stack = getattr(error, "real_stack", None) or ()
        own = [frame for frame in stack if is_user_file(frame.filename)]
        source = shown((own[-1].filename, own[-1].lineno or 0)) if own else None
        text = f"With fullgraph=True, torch.compile refuses: {first_line(error)}. Use torch.cond."
        return Event("refused", text, source)
    finally:
        torch._dynamo.reset()
    return None
