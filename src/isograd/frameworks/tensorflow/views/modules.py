"""In which of a Keras network's layers an operation runs, or is put into a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest import mock

import keras
from keras import layers

from isograd.frameworks.tensorflow.importing.calling import path_name
from isograd.frameworks.tensorflow.views.interfaces import CALLBACKS, needed
from isograd.frameworks.tensorflow.views.locating import GRADIENT_OF, INSIDE
from isograd.views import Operation

_call = layers.Layer.__call__


class Modules:
    """While it is entered, it notes the layer of each operation, by the names of the attributes
    that hold layers (``encoder.0``); the network's own code has none."""

    def __init__(self, network: keras.Model) -> None:
        self.executed: list[str] = []
        self._placed: dict[str, set[str]] = {}
        self._network = network
        self._entered: list[tuple[Any, str]] = []
        self._callbacks = needed(CALLBACKS, "add_op_callback", "remove_op_callback")

    def __enter__(self) -> Modules:
        entered = self

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            entered._entered.append((layer, entered._path(layer)))
            try:
                return _call(layer, *args, **kwargs)
            finally:
                entered._entered.pop()

        self._patch = mock.patch.object(layers.Layer, "__call__", call)
        self._patch.start()
        self._callbacks.add_op_callback(self._note)
        return self

    def __exit__(self, *failure: Any) -> None:
        self._callbacks.remove_op_callback(self._note)
        self._patch.stop()

    def place(self, operations: Sequence[Operation]) -> None:
        """Operations of a graph, by their names in it; gradients are where their forward operation
        is."""
        for operation in operations:
            found = self._placed.get(own_name(operation), set()) - {""}
            if len(found) == 1 and operation.phase == "forward":
                operation.scope = next(iter(found))
        place_gradients(operations)

    def place_executed(self, names: Sequence[str], operations: Sequence[Operation]) -> None:
        """Operations that ran, in the order of their ``names``."""
        scopes = dict(zip(names, self.executed, strict=True))
        for operation in operations:
            if operation.phase == "forward":
                operation.scope = scopes.get(operation.name, "")
        place_gradients(operations)

    def _note(
        self,
        kind: Any,
        inputs: Any,
        attributes: Any,
        outputs: Any,
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        scope = self._entered[-1][1] if self._entered else ""
        if graph is None:
            self.executed.append(scope)
        else:
            name = op_name.decode() if isinstance(op_name, bytes) else str(op_name)
            self._placed.setdefault(name, set()).add(scope)

    def _path(self, layer: Any) -> str:
        if layer is self._network or not self._entered:
            return ""
        parent, path = self._entered[-1]
        return f"{path}.{path_name(parent, layer)}".lstrip(".")


def place_gradients(operations: Sequence[Operation]) -> None:
    """Gradients are in the module of the operation that they are of."""
    named = {operation.name: operation for operation in operations}
    for operation in operations:
        forward = named.get(operation.attributes.get(GRADIENT_OF, ""))
        if forward is not None:
            operation.scope = forward.scope


def own_name(operation: Operation) -> str:
    """Its name in the graph that it is part of."""
    inside = operation.attributes.get(INSIDE)
    if inside is None:
        return operation.name
    return operation.name.removeprefix(f"{inside}/").partition("/")[2]
