"""Recurrences of which only the step that is made last is read: others need not be kept."""

from __future__ import annotations

from collections.abc import Iterator

from isograd.frameworks.structure import Unit
from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op

RECURRENT = (ops.LSTM, ops.GRU, ops.RNN)


def last_steps(graph: Graph, units: Unit) -> frozenset[str]:
    """Names of such recurrences, and of the `Select` nodes behind them.

    A value that goes from one module to another keeps all its steps, and so does a layer that is
    called several times, unless only the last step is read each time.
    """
    readers = graph.consumers()
    outside = {*graph.outputs, *_crossing(units)}
    recurrences = [node for node in graph.nodes if isinstance(node.op, RECURRENT)]
    kept = {
        name
        for node in recurrences
        if node.name in outside or not _reads_last(node, readers[node.name])
        for name in node.parameters.values()
    }
    chosen = [node for node in recurrences if kept.isdisjoint(node.parameters.values())]
    selects = (reader.name for node in chosen for reader in readers[node.name])
    return frozenset({*(node.name for node in chosen), *selects})


def last_step(op: Op) -> Op:
    """What reads the step that a recurrence makes last: backwards, it is the first one."""
    assert isinstance(op, RECURRENT)
    return ops.Select(1, 0 if op.reverse else -1)


def _reads_last(node: Node, readers: list[Node]) -> bool:
    """Final states need no steps at all."""
    enough = (last_step(node.op), ops.CellState(), ops.HiddenState())
    return bool(readers) and all(reader.op in enough for reader in readers)


def _crossing(unit: Unit) -> Iterator[str]:
    for part in unit.parts:
        if isinstance(part, Unit):
            yield from (*part.inputs, *part.outputs)
            yield from _crossing(part)
