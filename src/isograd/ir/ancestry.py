"""Which of some chosen values lie nearest above and below each value of a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from isograd.ir.graph import Graph

Neighbours = dict[str, tuple[str, ...]]
"""Value name to the nearest chosen ones, in the order of the graph."""


def above(graph: Graph, chosen: Collection[str]) -> Neighbours:
    """For each value the nearest of the ``chosen`` that it is made from: along every way back, the
    first one met."""
    found: Neighbours = dict.fromkeys(graph.inputs, ())
    for node in graph.nodes:
        found[node.name] = _nearest(dict.fromkeys(node.inputs), found, chosen)
    return found


def below(graph: Graph, chosen: Collection[str], end: str) -> Neighbours:
    """For each value the nearest of the ``chosen`` that are made from it; ``end`` stands for what
    reads the outputs."""
    readers: dict[str, list[str]] = {name: [] for name in graph.inputs}
    for node in graph.nodes:
        readers[node.name] = []
        for name in dict.fromkeys(node.inputs):
            readers[name].append(node.name)
    outputs = frozenset(graph.outputs)
    found: Neighbours = {}
    stops = frozenset([*chosen, end])
    for name in reversed(readers):
        reading = [*readers[name], end] if name in outputs else readers[name]
        found[name] = _nearest(reading, found, stops)
    return found


def depths(graph: Graph) -> dict[str, int]:
    """For each value the number of nodes on the longest way to it."""
    found = dict.fromkeys(graph.inputs, 0)
    for node in graph.nodes:
        found[node.name] = 1 + max((found[name] for name in node.inputs), default=0)
    return found


def _nearest(
    neighbours: Iterable[str], found: Neighbours, chosen: Collection[str]
) -> tuple[str, ...]:
    nearest: dict[str, None] = {}
    for name in neighbours:
        nearest |= {name: None} if name in chosen else dict.fromkeys(found[name])
    return tuple(nearest)
