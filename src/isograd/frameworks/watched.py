"""Emitted source that shows every value: what the tapes of all frameworks share.

A tape runs the code that the emitter writes, with one thing added: each node's value passes through
a function ``seen(name, value)``, which the tape supplies. There is no second implementation of any
op.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isograd.frameworks.dialect import Dialect, Site
from isograd.frameworks.emission import emit_source
from isograd.frameworks.formatting import call
from isograd.frameworks.notation import Expression
from isograd.frameworks.protocol import Emitted
from isograd.ir.graph import Graph, Node
from isograd.ir.layout import Layout
from isograd.ir.mapping import Arrays, Transform
from isograd.ir.ops import Op

SEEN = "seen"
"""What emitted code calls with a node's name and its value."""


@dataclass(frozen=True)
class Watched:
    """A graph as source that shows every value. ``owners`` says which of the graph's parameters
    each of the source's is; where layers of different kinds share one, it has several. ``values``
    holds for each value the transform from the logical layout to the source's own.
    """

    graph: Graph
    emitted: Emitted
    owners: dict[str, str]
    values: dict[str, Transform]

    def native(self, weights: Arrays) -> Arrays:
        """The source's tensors, from the graph's."""
        return self.emitted.parameters.forward(
            {name: weights[owner] for name, owner in self.owners.items()}
        )

    def totals(self, gradients: Arrays) -> Arrays:
        """The gradients of the graph's trainable parameters, from those of the source's."""
        found = {n: np.zeros(self.graph.parameters[n].shape) for n in self.graph.trainable}
        for name, gradient in self.emitted.parameters.backward(gradients).items():
            found[self.owners[name]] = found[self.owners[name]] + gradient
        return found

    def network(self, seen: Callable[[str, Any], Any]) -> Any:
        """An instance of the network's class, whose values pass through ``seen``."""
        names: dict[str, Any] = {SEEN: seen, "__name__": "watched"}
        exec(compile(self.emitted.source, f"<{self.emitted.class_name}>", "exec"), names)
        return names[self.emitted.class_name]()


def watch(graph: Graph, dialect: Dialect, assign: Callable[[Graph], Layout]) -> Watched:
    """The graph in the dialect, in one flat forward pass that shows every value.

    Raises `UsageError` when the dialect lacks an op.
    """
    flat, owners = _flat(graph)
    layout = assign(flat)
    emitted = emit_source(flat, layout, _watched(dialect), idiomatic=False)
    return Watched(graph, emitted, owners, {name: p.transform for name, p in layout.values.items()})


def _flat(graph: Graph) -> tuple[Graph, dict[str, str]]:
    """The graph without modules, whose parameters have one layer each: a layer can hold a parameter
    that another kind of layer shares, or the same kind with other attributes, as a copy only. A
    parameter that no node uses goes away.
    """
    holders: dict[str, tuple[Op, frozenset[tuple[str, str]]]] = {}
    owners: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        held = node.op, frozenset(node.parameters.items())
        first = all(holders.setdefault(name, held) == held for name in node.parameters.values())
        names = node.parameters if first else _copies(node)
        owners |= dict(zip(names.values(), node.parameters.values(), strict=True))
        nodes.append(replace(node, parameters=names))
    parameters = {name: graph.parameters[owner] for name, owner in owners.items()}
    return replace(graph, nodes=tuple(nodes), parameters=parameters, modules={}), owners


def _copies(node: Node) -> dict[str, str]:
    return {role: f"{name} of {node.name}" for role, name in node.parameters.items()}


def _watched(dialect: Dialect) -> Dialect:
    """The dialect, with every expression inside a call of ``seen``."""

    def shown(write: Expression) -> Expression:
        return lambda site: call(SEEN, repr(site.node.name), write(_whole(site)))

    def whole(make: Callable[[Site], Any]) -> Callable[[Site], Any]:
        return lambda site: make(_whole(site))

    return replace(
        dialect,
        layers={op: whole(make) for op, make in dialect.layers.items()},
        expressions={op: shown(write) for op, write in dialect.expressions.items()},
        borrow={op: shown(write) for op, write in dialect.borrow.items()},
        reserved=dialect.reserved | {SEEN},
    )


def _whole(site: Site) -> Site:
    """Constants are values like all others, and a recurrence shows all its steps."""
    return replace(site, inline=False, last=False)
