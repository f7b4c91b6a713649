"""Running one training step eagerly while every operation is written down."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.execution import (
    batch,
    held_names,
    key,
    open_loaded,
    whole_tracebacks,
)
from isograd.frameworks.tensorflow.views.gradients import Gradients, watched_gradients
from isograd.frameworks.tensorflow.views.interfaces import CALLBACKS, needed
from isograd.frameworks.tensorflow.views.locating import GRADIENT_OF, Frame, Locator, complete
from isograd.frameworks.tensorflow.views.values import constant_text, value_of
from isograd.views import Operation


@dataclass
class Recording:
    """The operations of a step in the order in which they ran, those that hold values before them.

    ``tensors`` are all that was made or read, by key; ``inputs`` those that each operation read,
    by its name. ``error`` is what ended the step early, if anything did.
    """

    locator: Locator
    gradients: Gradients
    labels: dict[str | int, str]
    operations: list[Operation] = field(default_factory=list)
    made: dict[str | int, tuple[str, int]] = field(default_factory=dict)
    tensors: dict[str | int, Any] = field(default_factory=dict)
    inputs: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    error: Exception | None = None
    _names: Counter[str] = field(default_factory=Counter)

    def note(
        self,
        kind: Any,
        inputs: Sequence[Any],
        attributes: Any,
        outputs: Sequence[Any] | None,
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        """What TensorFlow calls after each operation; the arguments are its own."""
        if graph is not None:
            return  # it was put into a function's graph, and did not run
        kind = kind.decode() if isinstance(kind, bytes) else kind
        name, frames = self._fresh(kind), _frames(sys._getframe(1))
        reads = tuple(self._source(tensor) for tensor in inputs)
        operation = Operation(
            name,
            kind,
            reads,
            tuple(value_of(tensor) for tensor in outputs or ()),
            self.locator.phase(frames),
            self.locator.node(frames),
            source=self.locator.line(frames),
            attributes=self.locator.changed(kind, (self.labels.get(key(x)) for x in inputs)),
        )
        self.operations.append(operation)
        self.inputs[name] = tuple(inputs)
        for number, tensor in enumerate(outputs or ()):
            self._keep(tensor, name, number)
        self.gradients.register(attributes, name)
        if self.gradients.current is not None:
            operation.attributes[GRADIENT_OF] = self.gradients.current

    def producer(self, tensor: Any) -> str | None:
        """The operation that made a tensor."""
        return self.made.get(key(tensor), (None, 0))[0]

    def finish(self) -> None:
        """Ties the gradients to nodes, and completes what the lines do not say."""
        named = {operation.name: operation for operation in self.operations}
        for operation in self.operations:
            forward = named.get(operation.attributes.get(GRADIENT_OF, ""))
            if forward is not None:
                operation.phase, operation.node = "backward", forward.node
                operation.scope, operation.source = forward.scope, forward.source
        self.operations.sort(key=lambda operation: operation.phase != "input")
        complete(self.operations)

    def _source(self, tensor: Any) -> tuple[str, int]:
        """Who made a tensor; what was there before the step holds it."""
        if key(tensor) not in self.made:
            label = self.labels.get(key(tensor))
            kind = "Const" if label is None else "Variable" if _is_handle(tensor) else "Tensor"
            held = Operation(
                self._fresh(label or kind), kind, (), (value_of(tensor),), phase="input"
            )
            if label is None and not _is_handle(tensor):
                held.attributes["value"] = constant_text(tensor.numpy())
            self.operations.append(held)
            self._keep(tensor, held.name, 0)
        return self.made[key(tensor)]

    def _keep(self, tensor: Any, name: str, number: int) -> None:
        """Tensors stay alive, so that no other one gets their place in memory."""
        self.made[key(tensor)] = name, number
        self.tensors[key(tensor)] = tensor

    def _fresh(self, kind: str) -> str:
        self._names[kind] += 1
        count = self._names[kind]
        return kind if count == 1 else f"{kind}_{count - 1}"


def record_step(subject: Subject) -> Recording:
    """One eager training step. It ends early where an operation fails, whose place is kept."""
    executor = open_loaded(subject, "eager")
    return record(lambda: executor.train(batch(subject)), Locator.of(subject), held_names(executor))


def record(run: Callable[[], object], locator: Locator, labels: dict[str | int, str]) -> Recording:
    """All that runs eagerly meanwhile; ``labels`` name what was there before, by its `key`."""
    callbacks = needed(CALLBACKS, "add_op_callback", "remove_op_callback")
    with watched_gradients() as gradients, whole_tracebacks():
        recording = Recording(locator, gradients, labels)
        gradients.producer = recording.producer
        callbacks.add_op_callback(recording.note)
        try:
            run()
        except Exception as error:
            recording.error = error
        finally:
            callbacks.remove_op_callback(recording.note)
    recording.finish()
    return recording


def _is_handle(tensor: Any) -> bool:
    return value_of(tensor).dtype == "resource"


def _frames(frame: Any) -> list[Frame]:
    found = []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return found
