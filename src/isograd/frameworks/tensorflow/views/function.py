"""`function`: the graph that ``tf.function`` traced of the step, before any optimisation."""

from __future__ import annotations

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.flops import count_flops
from isograd.frameworks.tensorflow.views.graphs import control_flow
from isograd.frameworks.tensorflow.views.locating import INSIDE
from isograd.frameworks.tensorflow.views.tracing import trace_step
from isograd.views import View


def capture(subject: Subject) -> View:
    """The ConcreteFunction of the training step; where tracing fails, what it had by then."""
    tracing = trace_step(subject, "function")
    traced = tracing.executor._call_steps
    view = View(
        "tensorflow",
        "function",
        "Graph of tf.function, as traced",
        "The ConcreteFunction of the training step: Python ran once, on symbolic tensors, and left "
        "these operations; the gradient is part of it. Functions that it calls, such as the body "
        "of a loop, are shown behind the operation that calls them.",
        figures={"traces": float(traced.experimental_get_tracing_count())},
    )
    if tracing.error is not None:
        operations = tracing.until_failure(traced, tracing.error)
        return end_at_failure(view, operations, tracing.error, tracing.reader.locator)
    graph = traced.get_concrete_function().graph
    view.operations = tracing.operations(graph)
    inside = sum(INSIDE in operation.attributes for operation in view.operations)
    view.figures |= {"graph": float(len(view.operations) - inside), "inside": float(inside)}
    view.events = control_flow(view.operations)
    view.figures |= count_flops(graph, graph.get_operations(), view.operations)
    return view
