"""Which node of one graph is which of another: by structure and shapes, never by names.

Values are told apart by their forms: what makes them, from what, all the way back to the inputs.
Parameters correspond if the nodes that use them do. Where two branches are alike in everything,
structure cannot say which is which; such parameters are listed as ambiguous, not chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from isograd.ir.forms import COMMUTATIVE, Forms, forms_of
from isograd.ir.graph import Graph, Node
from isograd.ir.mapping import Link, TensorMap
from isograd.ir.ops import Dropout, TensorType


@dataclass(frozen=True)
class Mismatch:
    """The first place, in the order of the reference, where the graphs part: nodes (None where one
    side has an input) and what differs."""

    reference: Node | None
    twin: Node | None
    detail: str


@dataclass
class Alignment:
    """``nodes`` and ``parameters`` map the reference's names to the twin's; transposes, and
    reshapes in front of reshapes, are no nodes here. ``turns`` holds the order in which the twin
    has a value's axes where that is another. ``ambiguous`` holds groups of parameters, reference's
    and twin's, that structure cannot tell apart.
    """

    nodes: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    turns: dict[str, tuple[int, ...]] = field(default_factory=dict)
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
        walk.output(*pair)
    return walk.finish()


class _Walk:
    """The two graphs, walked side by side."""

    def __init__(self, reference: Graph, twin: Graph) -> None:
        self.graphs = reference, twin
        self.nodes = tuple({node.name: node for node in graph.nodes} for graph in self.graphs)
        self.sides = tuple(map(forms_of, self.graphs))
        self.seen: set[tuple[str, str]] = set()
        self.owners: dict[str, str] = {}
        self.drawn: dict[str, str] = {}
        self.found = Alignment()

    def output(self, a: str, b: str) -> None:
        """Output ``a`` of the reference is output ``b`` of the twin."""
        ours, theirs = (side.views[name] for side, name in zip(self.sides, (a, b), strict=True))
        self.pair(ours.root, theirs.root)
        if ours.axes != theirs.axes:
            nodes = (self.nodes[0].get(a), self.nodes[1].get(b))
            detail = f"an output of axes {ours.axes} against {theirs.axes}"
            self.found.mismatches.append(Mismatch(*nodes, detail))

    def pair(self, a: str, b: str) -> None:
        """Root ``a`` of the reference is root ``b`` of the twin, or the graphs part here."""
        stack = [(a, b)]
        while stack:
            a, b = pair = stack.pop()
            if pair in self.seen:
                continue
            self.seen.add(pair)
            first = self.found.nodes.setdefault(a, b) == b
            left, right = self.nodes[0].get(a), self.nodes[1].get(b)
            detail = self._difference(a, b)
            if detail:
                self.found.mismatches.append(Mismatch(left, right, detail))
            if left is None or right is None or not self._goes_on(a, b):
                continue
            if detail and not first:
                continue  # what it is made from has been compared with what it really is
            self._parameters(left, right)
            self._draws(left, right)
            ours, theirs = (v.views[n].axes for v, n in zip(self.sides, (a, b), strict=True))
            if ours != theirs and len(ours) == len(theirs):
                self.found.turns[a] = tuple(ours.index(axis) for axis in theirs)
            stack += reversed(list(self._inputs(a, b)))

    def _goes_on(self, a: str, b: str) -> bool:
        """Whether two roots are made in one way, perhaps with other attributes, so that what they
        are made from corresponds too."""
        ours, theirs = self.sides[0].forms[a], self.sides[1].forms[b]
        alike = type(ours.op) is type(theirs.op) and len(ours.inputs) == len(theirs.inputs)
        return alike and ours.parameters.keys() == theirs.parameters.keys()

    def _difference(self, a: str, b: str) -> str:
        left, right = self.nodes[0].get(a), self.nodes[1].get(b)
        ours, theirs = (side.forms[root] for side, root in zip(self.sides, (a, b), strict=True))
        if (left is None) != (right is None):
            return "an input against a computed value"
        if ours.text != theirs.text:
            return _contrast(left, right) or f"{ours.text} against {theirs.text}"
        kinds = [graph.type_of(name) for graph, name in zip(self.graphs, (a, b), strict=True)]
        if kinds[0].rank != kinds[1].rank:
            return f"{kinds[0].rank} axes against {kinds[1].rank}"
        return _input_difference(*kinds) if left is None else ""

    def _inputs(self, a: str, b: str) -> Iterator[tuple[str, str]]:
        ours, theirs = (
            side.forms[root].inputs for side, root in zip(self.sides, (a, b), strict=True)
        )
        if isinstance(self.nodes[0][a].op, COMMUTATIVE) and len(set(theirs)) == 2:
            self._note_likeness(ours, theirs)
            if not self._are_alike(ours, theirs):
                ours, theirs = self._as_written(0, a), self._as_written(1, b)
                if self._likeness(ours, theirs[::-1]) > self._likeness(ours, theirs):
                    theirs = theirs[::-1]
        return zip(ours, theirs, strict=True)

    def _are_alike(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
        """Whether the roots are made alike, one by one."""
        return all(
            self.sides[0].forms[a].signature == self.sides[1].forms[b].signature
            for a, b in zip(ours, theirs, strict=True)
        )

    def _likeness(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[int, int]:
        """How many are made alike all the way back, and how many by the same op at least."""
        pairs = [*zip(ours, theirs, strict=True)]
        forms = [(self.sides[0].forms[a], self.sides[1].forms[b]) for a, b in pairs]
        whole = sum(one.signature == other.signature for one, other in forms)
        return whole, sum(one.text == other.text for one, other in forms)

    def _as_written(self, side: int, name: str) -> tuple[str, ...]:
        views = self.sides[side].views
        return tuple(views[value].root for value in self.nodes[side][name].inputs)

    def _note_likeness(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
        """Operands that change places and are made alike cannot be told apart."""
        wanted = [self.sides[0].forms[name].signature for name in ours]
        if wanted[0] == wanted[1] and len(set(ours)) == 2:
            groups = tuple(
                tuple(sorted(_behind(side, nodes, names)))
                for side, nodes, names in zip(self.sides, self.nodes, (ours, theirs), strict=True)
            )
            if any(groups):
                self.found.ambiguous.append((groups[0], groups[1]))

    def _parameters(self, left: Node, right: Node) -> None:
        for role, name in left.parameters.items():
            other = right.parameters[role]
            known = self.found.parameters.setdefault(name, other)
            owner = self.owners.setdefault(other, name)
            if known != other:
                detail = f"{name!r} is shared; the twin has {known!r} and {other!r}"
                self.found.mismatches.append(Mismatch(left, right, detail))
            elif owner != name:
                detail = f"the twin's {other!r} is shared; the reference has {owner!r} and {name!r}"
                self.found.mismatches.append(Mismatch(left, right, detail))

    def _draws(self, left: Node, right: Node) -> None:
        """Two values may be computed alike, but no two are drawn alike."""
        if not isinstance(left.op, Dropout):
            return
        known = self.found.nodes[left.name]
        owner = self.drawn.setdefault(right.name, left.name)
        if known != right.name:
            detail = f"{left.name!r} is drawn once; the twin draws {known!r} and {right.name!r}"
            self.found.mismatches.append(Mismatch(left, right, detail))
        elif owner != left.name:
            detail = f"the twin's {right.name!r} is drawn once; the reference draws {owner!r} and "
            self.found.mismatches.append(Mismatch(left, right, f"{detail}{left.name!r}"))

    def finish(self) -> Alignment:
        order = {node.name: place for place, node in enumerate(self.graphs[0].nodes)}
        self.found.mismatches.sort(
            key=lambda m: order[m.reference.name] if m.reference else len(order)
        )
        return self.found


def _input_difference(left: TensorType, right: TensorType) -> str:
    """What differs but for the names of open sizes and the order of axes."""
    if left.dtype != right.dtype:
        return f"{left.dtype} values against {right.dtype} values"
    known = [sorted(size for size in kind.shape if isinstance(size, int)) for kind in (left, right)]
    return "" if known[0] == known[1] else f"shape {left.shape} against {right.shape}"


def _contrast(left: Node | None, right: Node | None) -> str:
    """The attributes in which two ops of one kind differ."""
    if left is None or right is None or type(left.op) is not type(right.op):
        return ""
    ours, theirs = left.op.attributes(), right.op.attributes()
    names = [name for name in ours if ours[name] != theirs[name]]
    sides = (", ".join(f"{name}={side[name]!r}" for name in names) for side in (ours, theirs))
    return f"{type(left.op).__name__}: {' against '.join(sides)}" if names else ""


def _behind(side: Forms, nodes: dict[str, Node], names: tuple[str, ...]) -> Iterator[str]:
    """Parameters that the values are made with, each once."""
    seen: set[str] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name not in nodes or name in seen:
            continue
        seen.add(name)
        yield from (one for one in nodes[name].parameters.values() if one not in seen)
        seen.update(nodes[name].parameters.values())
        stack += side.forms[name].inputs
