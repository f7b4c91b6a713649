"""What `torch.jit.trace` makes of a network that depends on data: one path, silently."""

from __future__ import annotations

from functools import partial

import torch

from isograd.frameworks.torch.executor import packed
from isograd.frameworks.torch.views import jit
from isograd.frameworks.torch.views.live import LiveNetwork
from isograd.frameworks.torch.views.warned import trace
from isograd.views import Event, View
from isograd.views.calls import Call
from isograd.views.running import lines_run, ran_once


def show(network: LiveNetwork) -> list[View]:
    """The trace of the first call. Figures: ``nodes`` of the graph, and ``wrong_by``, the largest
    deviation of the trace from the network at the other calls that are shown."""
    calls = [call for call, _ in network.differing_calls()]
    view = View("torch", "jit", "TorchScript graph of call 1", jit.ABOUT)
    traced, warned = trace(network.model, network.tensors(calls[0]))
    graph = traced.inlined_graph
    network.executor.data = network.tensors(calls[0])
    view.operations = jit.Reader(network.executor, network.locator).operations(graph)
    view.figures = {"nodes": len(list(graph.nodes()))}
    inputs = network.tensors(calls[0])
    first = lines_run(partial(trace, network.model, inputs))
    view.events = warned + ran_once(first, lines_run(partial(traced, *inputs)), "torch.jit.trace")
    for number, call in enumerate(calls[1:], 2):
        _compare(network, traced, call, number, view)
    return [view]


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
