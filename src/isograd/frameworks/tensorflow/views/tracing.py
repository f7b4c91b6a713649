"""Tracing the step of a compiled mode, while what Python does is watched."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.execution import (
    batch,
    held_names,
    key,
    open_loaded,
    whole_tracebacks,
)
from isograd.frameworks.tensorflow.views.gradients import watched_gradients
from isograd.frameworks.tensorflow.views.graphs import Reader
from isograd.frameworks.tensorflow.views.locating import Locator, complete
from isograd.views import Operation


@dataclass
class Tracing:
    """An executor whose step has been traced and run, once. ``reader`` reads its graphs; ``error``
    is what ended it early, if anything did."""

    executor: Any
    reader: Reader
    error: Exception | None = None

    def operations(self, graph: Any) -> list[Operation]:
        """A traced graph, whose placeholders are called what they hold."""
        labels = {
            key(inner): name
            for outer, inner in graph.captures
            if (name := self.reader.labels.get(key(outer)))
        }
        reader = Reader(self.reader.locator, self.reader.gradients, labels)
        operations = reader.read(graph, graph.get_operations())
        complete(operations)
        return operations

    def until_failure(self, function: Any, error: Exception) -> list[Operation]:
        """What the function had been traced to when the error came: the largest of the graphs that
        were not finished, or the finished one where the error came later."""
        frames = (frame.f_locals for frame, _ in traceback.walk_tb(error.__traceback__))
        locals_ = (names.get("func_graph") for names in frames)
        graphs = [graph for graph in locals_ if isinstance(graph, FuncGraph)]
        graphs = graphs or [trace.graph for trace in function._list_all_concrete_functions()]
        largest = max(graphs, key=lambda graph: len(graph.get_operations()), default=None)
        return self.operations(largest) if largest is not None else []


def trace_step(subject: Subject, mode: str) -> Tracing:
    """One training step in a mode of `FunctionExecutor`'s kind."""
    executor = open_loaded(subject, mode)
    error = None
    with watched_gradients() as gradients, whole_tracebacks():
        try:
            executor.train(batch(subject))
        except Exception as raised:
            error = raised
    labels: Mapping[str | int, str] = held_names(executor)
    reader = Reader(Locator.of(subject), gradients, labels)
    return Tracing(executor, reader, error)


def batch_tensors(executor: Any, subject: Subject) -> tuple[list[tf.Tensor], tf.Tensor]:
    """The inputs and targets of the batch, as the compiled step takes them."""
    rows = batch(subject)[0]
    return [tf.gather(x, rows) for x in executor.data], tf.gather(executor.targets, rows)
