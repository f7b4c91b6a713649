"""`grappler`: the traced graph after TensorFlow's own optimiser, as it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.graphs import Reader, control_flow
from isograd.frameworks.tensorflow.views.interfaces import CONTEXT, needed
from isograd.frameworks.tensorflow.views.locating import HOLDERS, complete
from isograd.frameworks.tensorflow.views.origins import Origins, label_fusion
from isograd.frameworks.tensorflow.views.tracing import Tracing, trace_step
from isograd.views import Operation, View

_NO_KERNEL = {"NoOp", "_Retval"}


def capture(subject: Subject) -> View:
    """What Grappler made of the traced step. Raises `UsageError` where TensorFlow tells neither
    what it ran nor lets its optimiser be called."""
    with optimised_graphs() as told:
        tracing = trace_step(subject, "function")
    view = View(
        "tensorflow",
        "grappler",
        "Graph of tf.function, after Grappler",
        "The same graph after TensorFlow's own optimiser: constants folded, what repeats or is not "
        "needed removed, biases and activations fused into kernels, layouts changed "
        "(run metadata of a call: post_optimization_graph).",
    )
    function = tracing.executor._call_steps
    if tracing.error is not None:
        operations = tracing.until_failure(function, tracing.error)
        return end_at_failure(view, operations, tracing.error, tracing.reader.locator)
    concrete = function.get_concrete_function()
    traced = tracing.operations(concrete.graph)
    before, after = _graphs_of(traced, told()) or _optimised_here(concrete)
    view.operations = _operations(after, tracing, concrete, traced)
    ran = [operation for operation in view.operations if operation.kind not in HOLDERS | _NO_KERNEL]
    view.figures = {
        "kernels": float(len(ran)),
        "before": float(len(before.node)),
        "after": float(len(after.node)),
    }
    view.events = control_flow(view.operations)
    return view


@contextmanager
def optimised_graphs() -> Iterator[Callable[[], list[Any]]]:
    """TensorFlow notes meanwhile how it optimised each function that it called; the function that
    is given tells it afterwards. Nothing is told where TensorFlow has no such notes."""
    try:
        context = needed(
            CONTEXT, "enable_run_metadata", "export_run_metadata", "disable_run_metadata"
        )
    except UsageError:
        yield list
        return
    told: list[Any] = []
    context.enable_run_metadata()
    try:
        yield lambda: told
        told += context.export_run_metadata().function_graphs
    finally:
        context.disable_run_metadata()


def _graphs_of(traced: list[Operation], told: list[Any]) -> tuple[Any, Any] | None:
    """The graphs, before and after, of the function that has most of these operations."""
    names = {operation.name for operation in traced}
    if not told:
        return None
    best = max(told, key=lambda f: sum(n.name in names for n in f.pre_optimization_graph.node))
    return best.pre_optimization_graph, best.post_optimization_graph


def _optimised_here(concrete: Any) -> tuple[Any, Any]:
    """Calls Grappler by itself, with its own settings."""
    optimizer = needed("tensorflow.python.grappler.tf_optimizer", "OptimizeGraph")
    graph = concrete.graph
    before = graph.as_graph_def(add_shapes=True)
    meta = tf.compat.v1.train.export_meta_graph(graph_def=before, graph=graph)
    fetch = tf.compat.v1.MetaGraphDef().collection_def["train_op"]
    fetch.node_list.value.extend(
        [*(tensor.name for tensor in graph.outputs), *(op.name for op in graph.control_outputs)]
    )
    meta.collection_def["train_op"].CopyFrom(fetch)
    return before, optimizer.OptimizeGraph(tf.compat.v1.ConfigProto(), meta)


def _operations(
    graph_def: Any, tracing: Tracing, concrete: Any, traced: list[Operation]
) -> list[Operation]:
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    operations = Reader(tracing.reader.locator).read(graph, graph.get_operations())
    named = {operation.name: operation for operation in traced}
    origins, arguments = Origins(traced), _arguments(graph, concrete)
    for operation in operations:
        name = arguments.get(operation.name, operation.name)
        origins.place(operation, name)
        if operation.name in arguments:
            operation.attributes |= named[name].attributes
            operation.values = named[name].values
        elif operation.kind.startswith("_Fused"):
            parts = origins.between(name, [read for read, _ in operation.reads])
            label_fusion(operation, parts)
            operation.node = next((part.node for part in parts), operation.node)
    complete(operations)
    return operations


def _arguments(graph: tf.Graph, concrete: Any) -> dict[str, str]:
    """What the traced graph calls each argument, by the name that it has now."""
    return {
        operation.name: concrete.inputs[operation.get_attr("index")].op.name
        for operation in graph.get_operations()
        if operation.type == "_Arg"
    }
