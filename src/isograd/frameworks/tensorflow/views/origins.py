"""Where an operation comes from that an optimiser kept, changed or made: by the names that both
Grappler and XLA carry on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from isograd.frameworks.tensorflow.views.locating import GRADIENT_OF, PARAMETER
from isograd.views import Operation

FUSES = "fuses"
"""The attribute that lists the operations which one kernel computes together."""

PARTS = "parts"
"""The attribute that lists the traced operations that those are of, in the same order."""

NODES = "nodes"
"""The attribute that lists the nodes whose operations a kernel computes together."""

_PREFIX = re.compile(r"^(?:[A-Z][A-Za-z]*(?:Optimizer|Folding|FoldingCtrl|Remapper)/)+")
_END = re.compile(r"[-_/:.][^-_/:.]*$")


class Origins:
    """The traced operations by name."""

    def __init__(self, traced: Iterable[Operation]) -> None:
        self._traced = {operation.name: operation for operation in traced}

    def find(self, name: str) -> Operation | None:
        """The traced operation that has this name, or whose name this one was made of."""
        rest = _PREFIX.sub("", name)
        while rest not in self._traced:
            shorter = _END.sub("", rest)
            if shorter == rest:
                return None
            rest = shorter
        return self._traced[rest]

    def place(self, operation: Operation, name: str) -> bool:
        """Gives an operation the node and the purpose of the one that it comes from, if there is
        one; says whether there is."""
        origin = self.find(name)
        if origin is None:
            return False
        operation.node, operation.scope = origin.node, origin.scope
        operation.source = origin.source
        forward = origin.attributes.get(GRADIENT_OF)
        if forward is not None:
            operation.attributes[GRADIENT_OF] = forward
        if PARAMETER in origin.attributes:
            operation.attributes[PARAMETER] = origin.attributes[PARAMETER]
        if operation.phase == "other":
            operation.phase = "backward" if forward is not None else origin.phase
        return True

    def between(self, name: str, stops: Sequence[str]) -> list[Operation]:
        """The traced operations that compute ``name`` from ``stops``, in the order of the data
        flow, without those that only hold values."""
        found: dict[str, Operation] = {}
        self._collect(name, set(stops), found)
        return list(found.values())

    def _collect(self, name: str, stops: set[str], found: dict[str, Operation]) -> None:
        operation = self._traced.get(name)
        if operation is None or name in stops or name in found or operation.phase == "input":
            return
        for read, _ in operation.reads:
            self._collect(read, stops, found)
        found[name] = operation


def label_fusion(operation: Operation, parts: Sequence[Operation]) -> None:
    """Says what one kernel computes, for which nodes, and of which traced operations."""
    operation.group = operation.name
    operation.attributes[FUSES] = ", ".join(part.kind for part in parts)
    operation.attributes[PARTS] = ", ".join(
        part.attributes.get("op_name", part.name) for part in parts
    )
    nodes = dict.fromkeys(part.node for part in parts if part.node)
    if len(nodes) > 1:
        operation.attributes[NODES] = ", ".join(nodes)
