"""What `torch.jit.trace` makes of a network that depends on data: one path, silently."""

from __future__ import annotations

import warnings
from collections import Counter

import torch

from isograd.frameworks.torch.executor import packed
from isograd.frameworks.torch.views import jit
from isograd.frameworks.torch.views.live import LiveNetwork
from isograd.references import is_user_file
from isograd.views import Event, View
from isograd.views.calls import Call
from isograd.views.decisions import Line, shown, statement_at


def show(network: LiveNetwork) -> list[View]:
    """The trace of the first call. Figures: ``nodes`` of the graph, and ``wrong_by``, the largest
    deviation of the trace from the network at the other calls that are shown."""
    calls = [call for call, _ in network.differing_calls()]
    view = View("torch", "jit", "TorchScript graph of call 1", jit.ABOUT)
    traced, warned = _traced(network, calls[0])
    graph = traced.inlined_graph
    network.executor.data = network.tensors(calls[0])
    view.operations = jit.Reader(network.executor, network.locator).operations(graph)
    view.figures = {"nodes": len(list(graph.nodes()))}
    view.events = [_warning(line, count) for line, count in warned.items()]
    for number, call in enumerate(calls[1:], 2):
        _compare(network, traced, call, number, view)
    return [view]


def _traced(network: LiveNetwork, call: Call) -> tuple[torch.jit.ScriptModule, Counter[Line]]:
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        traced = torch.jit.trace(
            network.model, tuple(network.tensors(call)), check_trace=False, strict=False
        )
    lines = (
        (warning.filename, warning.lineno)
        for warning in noted
        if issubclass(warning.category, torch.jit.TracerWarning) and is_user_file(warning.filename)
    )
    return traced, Counter(lines)


def _warning(line: Line, count: int) -> Event:
    kind = statement_at(*line)
    done = {
        "loop": "A loop of Python's is in the trace as often as it ran at this call",
        "branch": "A branch of Python's is in the trace as it was chosen at this call",
        "value": "A value that Python read is a constant in the trace",
    }[kind]
    text = f"{done}; torch.jit.trace only warns of it (TracerWarning)."
    return Event("constant" if kind == "value" else kind, text, shown(line), count)


def _compare(
    network: LiveNetwork, traced: torch.jit.ScriptModule, call: Call, number: int, view: View
) -> None:
    inputs = network.tensors(call)
    with torch.no_grad():
        right = packed(network.model(*inputs))
        try:
            wrong = packed(traced(*inputs))
        except Exception as error:
            text = f"At the inputs of call {number} the trace fails: {type(error).__name__}."
            view.events.append(Event("change", text))
            return
    deviation = (wrong - right).abs().max().item() if wrong.shape == right.shape else float("inf")
    if deviation > 1e-5 * right.abs().max().item():
        view.figures["wrong_by"] = max(deviation, view.figures.get("wrong_by", 0.0))
        text = (
            f"At the inputs of call {number} the trace is wrong by {deviation:.3g}, where the "
            f"largest number of the network's own result is {right.abs().max().item():.3g}."
        )
        view.events.append(Event("change", text))
