"""What `torch.export` says to a network that depends on data: it refuses, and where."""

from __future__ import annotations

import traceback
import warnings
from types import TracebackType

import torch
from torch import fx

from isograd.errors import DataDependent
from isograd.frameworks.torch.importing.exporting import explained, in_mode
from isograd.frameworks.torch.views import export
from isograd.frameworks.torch.views.live import LiveNetwork
from isograd.frameworks.torch.views.live_fx import exported_inputs, read_graph
from isograd.frameworks.torch.views.names import Names
from isograd.references import first_line
from isograd.views import Event, Operation, View


def show(network: LiveNetwork) -> list[View]:
    """The exported graph, or what there was of it when it was refused. Figure: ``nodes``."""
    view = View("torch", "export", export.TITLE, export.ABOUT)
    inputs = tuple(network.tensors(next(network.calls())))
    graph: fx.Graph | None
    refused: Exception | None = None
    try:
        with in_mode(network.model, True), warnings.catch_warnings():
            graph = torch.export.export(network.model, inputs, strict=False).graph
    except Exception as error:
        graph, refused = _unfinished(error.__traceback__), error
    if graph is not None:
        view.operations = read_graph(network, graph, exported_inputs(network, graph))
        view.figures = {"nodes": len(graph.nodes)}
    if refused is not None:
        _refuse(view, refused)
    return [view]


def _unfinished(trace: TracebackType | None) -> fx.Graph | None:
    """The graph that was being recorded when an error came."""
    tracers = (frame.f_locals.get("tracer") for frame, _ in traceback.walk_tb(trace))
    graphs = (getattr(tracer, "graph", None) for tracer in tracers)
    return next((graph for graph in graphs if isinstance(graph, fx.Graph)), None)


def _refuse(view: View, error: Exception) -> None:
    """Makes the view partial: it ends in the line that is refused."""
    reason = explained(error)
    view.status, view.reason = "partial", f"{type(error).__name__}: {first_line(error)}"
    text = f"torch.export refuses it: {first_line(error)}"
    if isinstance(reason, DataDependent):
        text = (
            "torch.export refuses to choose by a tensor's value here. It takes torch.cond for a "
            "branch and torch.while_loop for a loop."
        )
    view.events.append(Event("refused", text, reason.where))
    name = Names(operation.name for operation in view.operations).new("refused")
    last = view.operations[-1:]
    view.operations.append(
        Operation(
            name,
            type(error).__name__,
            reads=tuple((one.name, 0) for one in last if one.values),
            source=reason.where,
            mark=first_line(error),
        )
    )
