"""Which constants are written as numbers in the expressions that read them."""

from __future__ import annotations

from collections.abc import Collection

from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op

_ARITHMETIC: tuple[type[Op], ...] = (
    ops.Add,
    ops.Subtract,
    ops.Multiply,
    ops.Divide,
    ops.Where,
)
"""Ops whose expressions in every framework take a number for one of the operands."""


class Constants:
    """The scalar constants of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._outputs = graph.outputs
        self._readers = graph.consumers()
        self._names = {node.name for node in graph.nodes if isinstance(node.op, ops.Scalar)}

    def is_inline(self, node: Node, inside: Collection[object]) -> bool:
        """Whether ``node`` is a number that all of its readers can take as it is: they are
        arithmetic with one value that is no constant, and in the same module. ``inside`` are the
        parts of that module.
        """
        if not isinstance(node.op, ops.Scalar) or node.op.dtype == "bool":
            return False
        readers = self._readers[node.name]
        return node.name not in self._outputs and all(
            isinstance(reader.op, _ARITHMETIC)
            and any(reader is part for part in inside)
            and sum(name in self._names for name in reader.inputs) == 1
            for reader in readers
        )
