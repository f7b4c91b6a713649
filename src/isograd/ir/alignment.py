"""Which node of one graph is which of another: by structure and shapes, never by names.

Values are told apart by signatures: what makes them, from what, all the way back to the inputs.
Parameters correspond if the nodes that use them do. Where two branches are alike in everything,
structure cannot say which is which; such parameters are listed as ambiguous, not chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.mapping import Link, TensorMap
from isograd.ir.ops import Op
from isograd.ir.ops.base import normalize_axis

_COMMUTATIVE: tuple[type[Op], ...] = (ops.Add, ops.Multiply, ops.Maximum, ops.Minimum)


@dataclass(frozen=True)
class Mismatch:
    """The first place, in the order of the reference, where the graphs part: nodes (None where one
    side has an input) and what differs."""

    reference: Node | None
    twin: Node | None
    detail: str


@dataclass
class Alignment:
    """``nodes`` and ``parameters`` map the reference's names to the twin's. ``ambiguous`` holds
    groups of parameters, reference's and twin's, that structure cannot tell apart."""

    nodes: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    ambiguous: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything corresponds to exactly one thing."""
        return not self.ambiguous and not self.mismatches

    @property
    def mapping(self) -> TensorMap:
        """From the reference's parameters to the twin's. Raises `ValueError` if one of the twin's
        were mapped twice."""
        return TensorMap(tuple(Link(*pair) for pair in self.parameters.items()))


def align(reference: Graph, twin: Graph) -> Alignment:
    """Aligns two graphs from their outputs backwards."""
    walk = _Walk(reference, twin)
    if len(reference.outputs) != len(twin.outputs):
        detail = f"{len(reference.outputs)} outputs against {len(twin.outputs)}"
        walk.found.mismatches.append(Mismatch(None, None, detail))
    for pair in zip(reference.outputs, twin.outputs, strict=False):
        walk.pair(*pair)
    return walk.finish()


class _Walk:
    """The two graphs, walked side by side."""

    def __init__(self, reference: Graph, twin: Graph) -> None:
        self.graphs = reference, twin
        self.nodes = tuple({node.name: node for node in graph.nodes} for graph in self.graphs)
        self.signatures = tuple(map(_signatures, self.graphs))
        self.found = Alignment()

    def pair(self, a: str, b: str) -> None:
        """Value ``a`` of the reference is value ``b`` of the twin, or the graphs part here."""
        stack = [(a, b)]
        while stack:
            a, b = stack.pop()
            if a in self.found.nodes:
                continue
            self.found.nodes[a] = b
            left, right = self.nodes[0].get(a), self.nodes[1].get(b)
            detail = self._difference(a, b)
            if detail:
                self.found.mismatches.append(Mismatch(left, right, detail))
                continue
            if left is None or right is None:
                continue
            self._parameters(left, right)
            stack += reversed(list(self._inputs(left, right)))

    def _difference(self, a: str, b: str) -> str:
        left, right = self.nodes[0].get(a), self.nodes[1].get(b)
        kinds = [graph.type_of(name) for graph, name in zip(self.graphs, (a, b), strict=True)]
        if (left is None) != (right is None):
            return "an input against a computed value"
        if left is None or right is None:
            places = [list(g.inputs).index(n) for g, n in zip(self.graphs, (a, b), strict=True)]
            return "" if places[0] == places[1] else f"input {places[0]} against input {places[1]}"
        if _kind(left) != _kind(right):
            return f"{left.op} against {right.op}"
        if kinds[0].rank != kinds[1].rank:
            return f"shape {kinds[0].shape} against {kinds[1].shape}"
        return ""

    def _inputs(self, left: Node, right: Node) -> Iterator[tuple[str, str]]:
        ours, theirs = left.inputs, right.inputs
        if isinstance(left.op, _COMMUTATIVE) and len(set(theirs)) == 2:
            theirs = self._matched(ours, theirs)
        return zip(ours, theirs, strict=True)

    def _matched(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
        """The twin's operands in the order of the reference's."""
        wanted = [self.signatures[0][name] for name in ours]
        given = [self.signatures[1][name] for name in theirs]
        if wanted[0] == wanted[1] and len(set(ours)) == 2:
            groups = tuple(
                tuple(sorted(_behind(nodes, names)))
                for nodes, names in zip(self.nodes, (ours, theirs), strict=True)
            )
            if any(groups):
                self.found.ambiguous.append((groups[0], groups[1]))
        return theirs[::-1] if wanted != given and wanted == given[::-1] else theirs

    def _parameters(self, left: Node, right: Node) -> None:
        for role, name in left.parameters.items():
            other = right.parameters[role]
            known = self.found.parameters.setdefault(name, other)
            if known != other:
                detail = f"{name!r} is shared; the twin has {known!r} and {other!r}"
                self.found.mismatches.append(Mismatch(left, right, detail))

    def finish(self) -> Alignment:
        order = {node.name: place for place, node in enumerate(self.graphs[0].nodes)}
        self.found.mismatches.sort(
            key=lambda m: order[m.reference.name] if m.reference else len(order)
        )
        return self.found


def _signatures(graph: Graph) -> dict[str, str]:
    """Value to a text that is equal for values that are made alike."""
    found = {name: f"input {index}" for index, name in enumerate(graph.inputs)}
    for node in graph.nodes:
        inputs = [found[name] for name in node.inputs]
        if isinstance(node.op, _COMMUTATIVE):
            inputs.sort()
        shapes = [graph.parameters[name].shape for name in node.parameters.values()]
        text = repr((_kind(node), shapes, inputs))
        found[node.name] = sha256(text.encode()).hexdigest()
    return found


def _kind(node: Node) -> str:
    """The op with its attributes, written alike for ops that are the same function."""
    op, rank = node.op, node.type.rank
    if isinstance(op, ops.Flatten | ops.Reshape):
        return f"Reshape to {node.type.shape[1:]}"
    if isinstance(op, ops.Softmax | ops.LogSoftmax):
        return f"{type(op).__name__} {normalize_axis(op.axis, rank)}"
    if isinstance(op, ops.GlobalAvgPool):
        return f"Mean of spatial axes, keepdims={op.keepdims}"
    return repr(op)


def _behind(nodes: dict[str, Node], names: tuple[str, ...]) -> Iterator[str]:
    """Parameters that the values are made with, each once."""
    seen: set[str] = set()
    stack = list(names)
    while stack:
        node = nodes.get(stack.pop())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        yield from (name for name in node.parameters.values() if name not in seen)
        seen.update(node.parameters.values())
        stack += node.inputs
