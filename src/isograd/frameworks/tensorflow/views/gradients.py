"""Which forward operation each gradient is for, exactly: as TensorFlow computes it.

A tape hands the attributes of a recorded operation on to the function that computes its gradient:
the very same tuple. So whoever sees both ends knows which belongs to which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from isograd.frameworks.tensorflow.views.interfaces import (
    BACKPROP,
    EXECUTE,
    RECORD,
    TAPES,
    needed,
)


@dataclass(frozen=True)
class Entry:
    """One operation on the tape through which a gradient ran. ``forward`` is what was registered
    for it, ``kept`` the tensors that the tape held for it, ``gradients`` what it gave, one for each
    input, None where there is none."""

    forward: Any
    kept: tuple[Any, ...]
    gradients: tuple[Any, ...]


@dataclass
class Gradients:
    """What is seen while gradients are computed. ``current`` is the forward operation whose
    gradient is being computed; ``forward_of`` ties operations of graphs to forward operations,
    ``given_to`` those that only make what such a computation begins with: sums, and zeros."""

    entries: list[Entry] = field(default_factory=list)
    forward_of: dict[tf.Operation, tf.Operation] = field(default_factory=dict)
    given_to: dict[tf.Operation, tf.Operation] = field(default_factory=dict)
    producer: Callable[[Any], Any] = lambda tensor: tensor.op
    _stack: list[Any] = field(default_factory=list)
    _recorded: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def current(self) -> Any:
        return self._stack[-1] if self._stack else None

    def register(self, attributes: Any, forward: Any) -> None:
        """Ties a tuple of attributes, which is kept so that nothing takes its place."""
        self._recorded[id(attributes)] = (attributes, forward)

    def registered(self, attributes: Any) -> Any:
        return self._recorded.get(id(attributes), (None, None))[1]

    def give(self, forward: Any, gradients: Sequence[Any]) -> None:
        """Notes with what the gradient of an operation of a graph begins."""
        for gradient in gradients if forward is not None else ():
            if isinstance(gradient, tf.Tensor) and not isinstance(gradient, ops.EagerTensor):
                self.given_to.setdefault(gradient.op, forward)

    def run(self, forward: Any, kept: Sequence[Any], compute: Callable[[], Any]) -> Any:
        """Computes a gradient, and notes what comes of it."""
        graph = None if tf.executing_eagerly() else ops.get_default_graph()
        before = len(graph.get_operations()) if graph is not None else 0
        self._stack.append(forward)
        try:
            result = compute()
        finally:
            self._stack.pop()
        if graph is not None and forward is not None:
            for operation in graph.get_operations()[before:]:
                self.forward_of.setdefault(operation, forward)
        found = tuple(result) if isinstance(result, list | tuple) else (result,)
        self.entries.append(Entry(forward, tuple(x for x in kept if x is not None), found))
        return result


@contextmanager
def watched_gradients() -> Iterator[Gradients]:
    """Sees every gradient that a tape computes meanwhile. Raises `UsageError` where TensorFlow
    lacks an interface for it."""
    backprop = needed(BACKPROP, "_gradient_function")
    execute = needed(EXECUTE, "record_gradient")
    record = needed(RECORD, "record_operation")
    tapes = needed(TAPES, "TFE_Py_RegisterGradientFunction")
    seen = Gradients()
    compute, note, record_operation = (
        backprop._gradient_function,
        execute.record_gradient,
        record.record_operation,
    )

    def gradient_function(
        name: Any, attributes: Any, count: Any, inputs: Any, outputs: Any, given: Any, *rest: Any
    ) -> Any:
        kept, forward = [*(inputs or ()), *(outputs or ())], seen.registered(attributes)
        seen.give(forward, given)
        return seen.run(
            forward,
            kept,
            lambda: compute(name, attributes, count, inputs, outputs, given, *rest),
        )

    def record_gradient(name: Any, inputs: Any, attributes: Any, outputs: Any) -> Any:
        if outputs and not isinstance(outputs[0], ops.EagerTensor):
            seen.register(attributes, outputs[0].op)
        return note(name, inputs, attributes, outputs)

    def record_by_hand(
        op_type: Any,
        output_tensors: Any,
        input_tensors: Any,
        backward_function: Any,
        forward_function: Any = None,
    ) -> Any:
        def tied(*given: Any) -> Any:
            forward = seen.producer(output_tensors[0])
            seen.give(forward, given)
            return seen.run(forward, (), lambda: backward_function(*given))

        return record_operation(op_type, output_tensors, input_tensors, tied, forward_function)

    tapes.TFE_Py_RegisterGradientFunction(gradient_function)
    execute.record_gradient, record.record_operation = record_gradient, record_by_hand
    try:
        yield seen
    finally:
        tapes.TFE_Py_RegisterGradientFunction(compute)
        execute.record_gradient, record.record_operation = note, record_operation
