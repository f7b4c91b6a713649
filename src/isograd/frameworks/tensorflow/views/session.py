"""`session`: the ``tf.Graph`` of which a session runs what the training step fetches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.execution import (
    batch,
    held_names,
    key,
    open_loaded,
    whole_tracebacks,
)
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.flops import count_flops
from isograd.frameworks.tensorflow.views.graphs import Reader, control_flow
from isograd.frameworks.tensorflow.views.locating import Locator, complete
from isograd.views import View


def capture(subject: Subject) -> View:
    """The graph that the session executor built, and ran once."""
    executor = open_loaded(subject, "session")
    before = len(executor.graph.get_operations())
    error = None
    with fetched(executor.session) as fetches, whole_tracebacks():
        try:
            executor.train(batch(subject))
        except Exception as raised:
            error = raised
    graph = executor.graph
    ends = [fetch.op for fetch in tf.nest.flatten(fetches)] or graph.get_operations()[before:]
    step = ancestors(graph, ends)
    reader = Reader(Locator.of(subject), labels=_labels(executor))
    view = View(
        "tensorflow",
        "session",
        "Session graph",
        "The tf.Graph that was built once, gradients by tf.gradients included: the part that the "
        "training step fetches (tf.compat.v1.Session). The rest of the graph starts variables.",
        reader.read(graph, step),
        {"graph": float(len(graph.get_operations())), "step": float(len(step))},
    )
    complete(view.operations)
    view.events = control_flow(view.operations)
    view.figures |= count_flops(graph, step, view.operations)
    if error is not None:
        return end_at_failure(view, view.operations, error, reader.locator)
    return view


def ancestors(graph: tf.Graph, ends: Sequence[tf.Operation]) -> list[tf.Operation]:
    """All that has to run for these, in the graph's order."""
    found: set[tf.Operation] = set()
    waiting = list(ends)
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
            waiting += operation.control_inputs
    return [operation for operation in graph.get_operations() if operation in found]


@contextmanager
def fetched(session: Any) -> Iterator[list[Any]]:
    """What is asked of the session meanwhile by the callables that are made of it."""
    seen: list[Any] = []
    make = session.make_callable

    def make_callable(fetches: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(fetches)
        return make(fetches, *arguments, **options)

    session.make_callable = make_callable
    try:
        yield seen
    finally:
        session.make_callable = make


def _labels(executor: Any) -> dict[str | int, str]:
    """Variables lie in the graph; those of the model are called as the model's."""
    labels = held_names(executor)
    model = executor.model
    own = [*model.trainable_variables, *model.non_trainable_variables]
    return {key(executor._in_graph(variable).handle): variable.path for variable in own} | labels
