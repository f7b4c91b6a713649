"""Which values and tensors of two graphs are held against each other, and what lies around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isograd.ir.alignment import Alignment
from isograd.ir.ancestry import Neighbours, above, below, depths
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array, Arrays, Link, Transform

LOSS = "loss"
"""Stands for the loss where a node is named."""


@dataclass(frozen=True)
class Correspondence:
    """``values`` link the reference's inputs and nodes to the twin's (several may be one value
    there), ``parameters`` the tensors."""

    values: tuple[Link, ...]
    parameters: tuple[Link, ...]

    def weights(self, ours: Arrays) -> Arrays:
        """The twin's tensors for the reference's, as far as they correspond."""
        return {link.twin: link.transform(ours[link.reference]) for link in self.parameters}

    def inputs(self, twin: Graph, ours: Arrays) -> tuple[Array, ...]:
        """The twin's inputs, in its order, for the reference's in its own order: by place, with
        the axes as the twin has them."""
        turned = {(link.reference, link.twin): link.transform for link in self.values}
        pairs = zip(ours, twin.inputs, strict=True)
        return tuple(turned.get(pair, Transform())(ours[pair[0]]) for pair in pairs)

    def masks(self, ours: Arrays) -> Arrays:
        """The twin's dropout masks for the reference's."""
        links = (link for link in self.values if link.reference in ours)
        return {link.twin: link.transform(ours[link.reference]) for link in links}


def correspondence(reference: Graph, twin: Graph, alignment: Alignment) -> Correspondence:
    """What an alignment says. Values that both sides make in their own ways correspond, too, where
    their shape leaves no doubt about the order of their axes."""
    turns = alignment.turns
    values = {
        ours: Link(ours, theirs, turns.get(ours, Transform()))
        for ours, theirs in alignment.nodes.items()
    }
    shapes = [{**g.inputs, **{node.name: node.type for node in g.nodes}} for g in (reference, twin)]
    for ours, theirs in alignment.steps:
        shape, other = shapes[0][ours].shape, shapes[1][theirs].shape
        if ours not in values and shape == other and len(set(shape)) == len(shape):
            values[ours] = Link(ours, theirs)
    return Correspondence(tuple(values.values()), alignment.mapping.links)


class Surroundings:
    """What lies around each linked value, on either side, by the reference's names: the nearest
    linked values that it is made from (``made_from``) and that are made from it (``read_by``, which
    may be the loss). ``owners`` are the nodes that use the reference's parameters."""

    def __init__(self, reference: Graph, twin: Graph, values: tuple[Link, ...]) -> None:
        self.links = {link.reference: link for link in values}
        self._back: dict[str, list[str]] = {LOSS: [LOSS]}
        for link in values:
            self._back.setdefault(link.twin, []).append(link.reference)
        theirs = self._back.keys() - {LOSS}
        self._above = above(reference, self.links.keys()), above(twin, theirs)
        readers = below(reference, self.links.keys(), LOSS), below(twin, theirs, LOSS)
        self.made_from = {n: self.of_both(n, li.twin, self._above) for n, li in self.links.items()}
        self.read_by = {n: self.of_both(n, li.twin, readers) for n, li in self.links.items()}
        self.depths = depths(reference)
        self.owners = _owners(reference)

    def output(self, ours: str, theirs: str) -> tuple[str, ...]:
        """The nearest linked values that a pair of outputs is made from, or is."""
        return tuple(
            dict.fromkeys(
                [
                    *((ours,) if ours in self.links else self._above[0][ours]),
                    *(
                        self._back[theirs]
                        if theirs in self._back
                        else self._named(self._above[1][theirs])
                    ),
                ]
            )
        )

    def of_both(
        self, ours: str, theirs: str, neighbours: tuple[Neighbours, Neighbours]
    ) -> tuple[str, ...]:
        """The neighbours of a pair on either side."""
        found = dict.fromkeys(neighbours[0][ours]) | dict.fromkeys(
            self._named(neighbours[1][theirs])
        )
        found.pop(ours, None)
        return tuple(found)

    def _named(self, theirs: tuple[str, ...]) -> list[str]:
        return [name for other in theirs for name in self._back[other]]


def _owners(graph: Graph) -> Mapping[str, str]:
    """Parameter to the first node that uses it."""
    owners: dict[str, str] = {}
    for node in graph.nodes:
        for name in node.parameters.values():
            owners.setdefault(name, node.name)
    return owners
