"""Where each value of a graph lies channels-last, and what that does to its parameters.

`assign` is for frameworks that prefer images as [N, *spatial, C]; `assign_logical` is for those
that hold values as the IR does. Permutations go into axis numbers and parameters wherever they can:
a Linear behind a Flatten gets permuted weights, not a permuted activation. What is left are the
demands that differ from how a value is held: each of them is one explicit transpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from isograd.errors import UsageError, unknown
from isograd.ir.graph import Graph, Node
from isograd.ir.layout_movement import MOVEMENT
from isograd.ir.layout_rules import (
    RULES as BASIC,
)
from isograd.ir.layout_rules import (
    Explicit,
    Site,
    as_it_comes,
    binary,
    choice,
    concat,
    dropout,
    logical_site,
    prelu,
    wants_channels_last,
)
from isograd.ir.mapping import Transform
from isograd.ir.ops import Buffer, Op, Parameter
from isograd.ir.ops.base import TensorType
from isograd.ir.placement import Order, Placement, channels_last, logical, logical_order

RULES = {**BASIC, **MOVEMENT}
"""Op to its rule; every op has one."""


@dataclass(frozen=True)
class Layout:
    """``values`` says how each input and each node's value is held, ``demands`` how each node wants
    its inputs, ``outputs`` how the graph's outputs are handed out. ``parameters`` holds the
    transform of each parameter that is permuted because a value is.
    """

    values: dict[str, Placement]
    demands: dict[str, tuple[Placement, ...]]
    outputs: tuple[Placement, ...]
    parameters: dict[str, Transform]


def assign_logical(graph: Graph) -> Layout:
    """The layout that moves nothing."""
    kinds = _types(graph)
    return Layout(
        values={name: logical(kind.rank) for name, kind in kinds.items()},
        demands={
            node.name: tuple(logical(kinds[name].rank) for name in node.inputs)
            for node in graph.nodes
        },
        outputs=tuple(logical(kinds[name].rank) for name in graph.outputs),
        parameters={},
    )


def assign(graph: Graph) -> Layout:
    """The channels-last layout.

    Nodes are taken in order. Where one meets features that it cannot absorb, the Flatten that
    reordered them is made to take its input in logical order, and all is done again.
    """
    explicit: frozenset[str] = frozenset()
    while True:
        try:
            return _Assignment(graph, explicit).layout()
        except Explicit as needed:
            if needed.nodes <= explicit:
                raise AssertionError(f"no layout for {sorted(needed.nodes)}") from None
            explicit |= needed.nodes


def with_outer(layout: Layout, graph: Graph, outer: str | None) -> Layout:
    """The layout with images handed in and out as ``outer`` says: ``channels-first``,
    ``channels-last``, or None for as the layout has them; inside, nothing changes.

    Raises `UsageError` for another word, and where no input is an image.
    """
    if outer is None:
        return layout
    if outer not in OUTER:
        raise unknown("input layout", outer, OUTER)
    images = assign(graph)
    if all(images.values[name].order == logical_order(k.rank) for name, k in graph.inputs.items()):
        raise UsageError(
            f"No input of {graph.name!r} is an image, so that there are no channels to lay out.",
            hint="Leave --input-layout out.",
        )
    face = OUTER[outer](graph)
    inputs = {name: face.values[name] for name in graph.inputs}
    return replace(layout, values={**layout.values, **inputs}, outputs=face.outputs)


OUTER: dict[str, Callable[[Graph], Layout]] = {
    "channels-first": assign_logical,
    "channels-last": assign,
}
"""How images are handed in and out."""


class _Assignment:
    """One pass; the nodes named in ``explicit`` take their inputs in logical order."""

    def __init__(self, graph: Graph, explicit: frozenset[str]) -> None:
        self.graph = graph
        self.explicit = explicit
        self.types = _types(graph)
        self.readers = graph.consumers()
        self.values = {name: self._outer(name) for name in graph.inputs}
        self.demands: dict[str, tuple[Placement, ...]] = {}
        self.parameters: dict[str, tuple[Transform, frozenset[str]]] = {}
        self.axes: dict[str, Order] = {}

    def layout(self) -> Layout:
        for node in self.graph.nodes:
            self._place(node)
        for node in self.graph.nodes:
            if isinstance(node.op, Parameter | Buffer):
                self._absorb(node)
        return Layout(
            values=self.values,
            demands=self.demands,
            outputs=tuple(self._handed_out(name) for name in self.graph.outputs),
            parameters={name: found for name, (found, _) in self.parameters.items() if found.steps},
        )

    def _outer(self, name: str) -> Placement:
        rank = self.types[name].rank
        if rank >= 3 and name in _fed_to_windows(self.graph):
            return Placement(channels_last(rank))
        return logical(rank)

    def _place(self, node: Node) -> None:
        site = Site(
            node,
            tuple(self.types[name] for name in node.inputs),
            tuple(self.values[name] for name in node.inputs),
        )
        if node.name in self.explicit:
            site = logical_site(site)
        decision = RULES[type(node.op)](site)
        self.values[node.name] = decision.result
        self.demands[node.name] = decision.demands
        origins = frozenset({node.name}).union(*(place.origins for place in site.placements))
        for role, name in node.parameters.items():
            self._claim(name, decision.parameters.get(role, Transform()), decision.axes, origins)

    def _absorb(self, node: Node) -> None:
        """A tensor that all its readers want in one order is held so from the start."""
        wanted = {
            self.demands[reader.name][place]
            for reader in self.readers[node.name]
            for place, name in enumerate(reader.inputs)
            if name == node.name
        }
        (name,) = node.parameters.values()
        alone = sum(name in other.parameters.values() for other in self.graph.nodes) == 1
        if len(wanted) == 1 and alone and node.name not in self.graph.outputs:
            (place,) = wanted
            self.values[node.name] = place
            self.parameters[name] = place.transform, frozenset()

    def _claim(self, name: str, transform: Transform, axes: Order, origins: frozenset[str]) -> None:
        """A parameter of two nodes has one layout, and the layer that holds it is made for the same
        axes in both: if they differ, both go back to the logical."""
        known, before = self.parameters.setdefault(name, (transform, origins))
        if known != transform or self.axes.setdefault(name, axes) != axes:
            raise Explicit(before | origins)

    def _handed_out(self, name: str) -> Placement:
        """Outputs are channels-last or logical; reordered features stay inside."""
        place = self.values[name]
        if place.features:
            raise Explicit(place.origins)
        rank = len(place.order)
        usual = (logical_order(rank), channels_last(rank) if rank >= 3 else logical_order(rank))
        return place if place.order in usual else logical(rank)


def _types(graph: Graph) -> dict[str, TensorType]:
    return {**graph.inputs, **{node.name: node.type for node in graph.nodes}}


def _fed_to_windows(graph: Graph) -> set[str]:
    """Values that reach an op with spatial axes through ops that keep any order."""
    types = _types(graph)
    fed: set[str] = set()
    for node in reversed(graph.nodes):
        op: Op = node.op
        for name in node.inputs:
            passes = node.name in fed and types[name].rank == node.type.rank
            if wants_channels_last(op, types[name]) or (passes and _keeps_order(op)):
                fed.add(name)
    return fed


def _keeps_order(op: Op) -> bool:
    return RULES[type(op)] in (as_it_comes, binary, choice, concat, dropout, prelu)
