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

from isograd.frameworks.dialect import Dialect
from isograd.frameworks.emission import emit_source
from isograd.frameworks.formatting import Source, call
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

    def in_order(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """Inputs and values in the graph's order: a call may hand out several at once."""
        return {name: tensors[name] for name in self.values}

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
    shown = replace(dialect, shown=_show, reserved=dialect.reserved | {SEEN})
    emitted = emit_source(flat, layout, shown, idiomatic=False)
    names = [*graph.inputs, *(node.name for node in graph.nodes)]
    return Watched(graph, emitted, owners, {n: layout.values[n].transform for n in names})


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


def _show(name: str, variable: str) -> Source:
    return call(SEEN, repr(name), variable)
