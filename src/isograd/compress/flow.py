"""Following channels through a network: which index of which axis goes with which other one.

Every axis of every value and parameter gets labels (see `isograd.compress.units`). A layer makes
new units, one for each channel; ops hand them on, couple them or read them, and what cannot be
followed fixes them. Source: the dependency graph of Fang et al., CVPR 2023 (arXiv 2301.12900),
here index by index, so that concatenation, splitting and flattening need no groups of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from isograd.compress.units import Labels, Units, nothing
from isograd.ir.graph import Graph, Node
from isograd.ir.ops.base import Shape, TensorType

Axes = tuple[Labels | None, ...]
"""For each axis its labels; None for an axis of open size."""

Place = tuple[str, int]
"""A parameter, and one of its axes."""


@dataclass
class Flow:
    """What was found. ``makes`` are the places at which units begin, with their labels, ``reads``
    those along which a layer reads a value: zeros there take the value's channel out."""

    units: Units = field(default_factory=Units)
    values: dict[str, Axes] = field(default_factory=dict)
    parameters: dict[str, list[Labels | None]] = field(default_factory=dict)
    makes: dict[Place, Labels] = field(default_factory=dict)
    reads: list[Place] = field(default_factory=list)

    def labels(self) -> Iterable[Labels]:
        """Those of every axis of known size."""
        for axes in (*self.values.values(), *self.parameters.values()):
            yield from (labels for labels in axes if labels is not None)


class Site:
    """One node with what its rule needs."""

    def __init__(self, flow: Flow, graph: Graph, node: Node, types: Mapping[str, TensorType]):
        self.node = node
        self.flow = flow
        self.types = tuple(types[name] for name in node.inputs)
        self.inputs = tuple(flow.values[name] for name in node.inputs)
        self.shape = node.type.shape
        self._specs = graph.parameters
        self._label = f"{type(node.op).__name__} {node.name}"

    def fix(self, axes: Iterable[Labels | None]) -> None:
        """What is along these axes stays."""
        for labels in axes:
            if labels is not None:
                self.flow.units.fix(labels, f"{self._label} cannot do without a part of it")

    def unite(self, a: Labels | None, b: Labels | None) -> Labels | None:
        """Two axes that go together, index by index."""
        if a is None or b is None:
            self.fix([a, b])
            return None
        self.flow.units.unite(a, b, f"{self._label} joins it to what stays")
        return np.where(a, a, b)

    def whole(self) -> Axes:
        """The result's axes, if all of them stay as they are."""
        return whole(self.shape)

    def makes(self, role: str, axis: int) -> Labels:
        """New units along an axis of a parameter; the known ones if it has been met before. One
        channel alone has nothing to lose."""
        place = self.node.parameters[role], axis
        axes = self._axes(role)
        known = axes[axis]
        if known is None:
            size = self._specs[place[0]].shape[axis]
            known = axes[axis] = self.flow.units.fresh(size) if size > 1 else nothing(1)
            self.flow.makes[place] = known
        return known

    def has(self, role: str, axis: int, labels: Labels | None) -> None:
        """A parameter's axis goes with ``labels``, where the node has such a parameter."""
        if role not in self.node.parameters:
            return
        axes = self._axes(role)
        known = axes[axis]
        if labels is None or known is None:
            axes[axis] = labels
        else:
            axes[axis] = self.unite(known, labels)

    def reads(self, role: str, axis: int, labels: Labels | None) -> None:
        """As `has`; the node reads its input along this axis of the parameter."""
        self.has(role, axis, labels)
        self.flow.reads.append((self.node.parameters[role], axis))

    def _axes(self, role: str) -> list[Labels | None]:
        name = self.node.parameters[role]
        return self.flow.parameters.setdefault(name, [None] * len(self._specs[name].shape))


RETURNED = "it is what the network returns"
"""Why outputs stay."""

Rule = Callable[[Site], Axes]
"""How the axes of a node's value follow from those of its inputs."""


def whole(shape: Shape) -> Axes:
    """The axes of a value of which nothing can be taken out."""
    return tuple(nothing(size) if isinstance(size, int) else None for size in shape)


def follow(graph: Graph, rules: Mapping[type, Rule], otherwise: Rule) -> Flow:
    """Follows all channels of ``graph``. Inputs and outputs stay as they are."""
    flow = Flow()
    types = dict(graph.inputs)
    for name, kind in graph.inputs.items():
        flow.values[name] = whole(kind.shape)
    for node in graph.nodes:
        site = Site(flow, graph, node, types)
        flow.values[node.name] = rules.get(type(node.op), otherwise)(site)
        types[node.name] = node.type
    for name in graph.outputs:
        for labels in flow.values[name]:
            if labels is not None:
                flow.units.fix(labels, RETURNED)
    _complete(flow, graph)
    return flow


def _complete(flow: Flow, graph: Graph) -> None:
    """Axes of parameters that no rule spoke of stay."""
    for name, spec in graph.parameters.items():
        axes = flow.parameters.setdefault(name, [None] * len(spec.shape))
        flow.parameters[name] = [
            nothing(size) if labels is None else labels
            for labels, size in zip(axes, spec.shape, strict=True)
        ]
