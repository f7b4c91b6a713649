"""Operations of a ``tf.Graph`` in the views' form, those inside of its functions among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import tensor_util

from isograd.frameworks.tensorflow.views.execution import key
from isograd.frameworks.tensorflow.views.gradients import Gradients
from isograd.frameworks.tensorflow.views.locating import (
    GRADIENT_OF,
    HOLDERS,
    INSIDE,
    Locator,
    frames_of,
)
from isograd.frameworks.tensorflow.views.values import constant_text, value_of
from isograd.views import Event, Operation

_SHOWN = (
    "axis",
    "data_format",
    "dilations",
    "epsilon",
    "equation",
    "fused_ops",
    "keep_dims",
    "ksize",
    "padding",
    "strides",
    "transpose_a",
    "transpose_b",
)
_LOOPS = {"While", "StatelessWhile"}
_BRANCHES = {"If", "StatelessIf", "Case", "StatelessCase"}


@dataclass
class Reader:
    """Turns a graph into operations. ``gradients`` tie those of tapes, ``labels`` name what
    variables and placeholders hold, by the `key` of their tensors."""

    locator: Locator
    gradients: Gradients = field(default_factory=Gradients)
    labels: Mapping[str | int, str] = field(default_factory=dict)
    _names: dict[tf.Operation, str] = field(default_factory=dict)

    def read(self, graph: tf.Graph, operations: Sequence[tf.Operation]) -> list[Operation]:
        """These operations of the graph, and all that is inside of the functions they call, with
        what their own lines say; `complete` fills in the rest."""
        return list(self._walk(graph, operations, prefix="", arguments=()))

    def _walk(
        self,
        graph: tf.Graph,
        operations: Sequence[tf.Operation],
        prefix: str,
        arguments: Sequence[tuple[str, int]],
    ) -> Iterator[Operation]:
        known = {operation.name for operation in operations}
        placeholders = [op.name for op in operations if op.type == "Placeholder"]
        given = dict(zip(placeholders, arguments, strict=False)) if prefix else {}
        for operation in operations:
            made = self._operation(operation, prefix, known)
            if operation.name in given:
                made.reads = (given[operation.name],)
            yield made
            for attribute, body in called(graph, operation):
                skip = operation.type in _BRANCHES  # the first input chooses
                yield from self._walk(
                    body,
                    body.get_operations(),
                    f"{made.name}/{attribute}/",
                    made.reads[int(skip) :],
                )

    def _operation(self, operation: tf.Operation, prefix: str, known: set[str]) -> Operation:
        frames = frames_of(operation)
        tied = operation in self.gradients.forward_of
        forward = self._forward_of(operation)
        made = Operation(
            prefix + operation.name,
            operation.type,
            tuple(
                (prefix + tensor.op.name, tensor.value_index)
                for tensor in operation.inputs
                if tensor.op.name in known
            ),
            tuple(value_of(tensor) for tensor in operation.outputs),
            self.locator.phase(frames),
            self.locator.node(frames),
            source=self.locator.line(frames),
            after=tuple(prefix + name for name in sorted(known & _awaited(operation))),
            attributes=_attributes(operation)
            | self.locator.changed(operation.type, map(self._label, operation.inputs)),
        )
        if forward is not None and (made.phase == "backward" or tied):
            made.phase = "backward"
            made.node = self.locator.node(frames_of(forward))
            made.source = self.locator.line(frames_of(forward))
            made.attributes[GRADIENT_OF] = self._names.get(forward, forward.name)
        if operation.type in HOLDERS and operation.outputs:
            label = self._label(operation.outputs[0])
            made.attributes |= {"holds": label} if label else {}
        if prefix:
            made.attributes[INSIDE] = prefix.rsplit("/", 2)[0]
        self._names[operation] = made.name
        return made

    def _forward_of(self, operation: tf.Operation) -> tf.Operation | None:
        """What an operation of the backward pass computes the gradient of."""
        return (
            self.gradients.forward_of.get(operation)
            or operation._original_op
            or self.gradients.given_to.get(operation)
        )

    def _label(self, tensor: Any) -> str | None:
        return self.labels.get(key(tensor))


def called(graph: tf.Graph, operation: tf.Operation) -> Iterator[tuple[str, tf.Graph]]:
    """The graphs of the functions that an operation calls, by attribute (``body``, ``f``)."""
    for attribute, value in sorted(operation.node_def.attr.items()):
        functions = [value.func] if value.HasField("func") else list(value.list.func)
        for number, function in enumerate(functions):
            body = getattr(_function(graph, function.name), "graph", None)
            if body is not None:
                yield f"{attribute}{number or ''}", body


def control_flow(operations: Sequence[Operation]) -> list[Event]:
    """The loops and branches that are in the graph."""
    events = []
    for operation in operations:
        where = f" of {operation.node}" if operation.node else ""
        if operation.kind in _LOOPS:
            text = f"{operation.name}{where} is a loop in the graph (tf.while_loop)."
            events.append(Event("loop", text, operation.source))
        if operation.kind in _BRANCHES:
            text = f"{operation.name}{where} is a branch in the graph (tf.cond)."
            events.append(Event("branch", text, operation.source))
    return events


def _function(graph: Any, name: str) -> Any:
    while graph is not None:
        if graph._is_function(name):
            return graph._get_function(name)
        graph = getattr(graph, "outer_graph", None)
    return None


def _attributes(operation: tf.Operation) -> dict[str, str]:
    found = {name: _text(operation, name) for name in _SHOWN if name in operation.node_def.attr}
    if operation.type == "Const":
        found["value"] = constant_text(
            tensor_util.MakeNdarray(operation.node_def.attr["value"].tensor)
        )
    return {name: text for name, text in found.items() if text}


def _text(operation: tf.Operation, name: str) -> str:
    value = operation.get_attr(name)
    values = value if isinstance(value, list) else [value]
    texts = [item.decode() if isinstance(item, bytes) else str(item) for item in values if item]
    return ", ".join(texts)


def _awaited(operation: tf.Operation) -> set[str]:
    return {other.name for other in operation.control_inputs}
