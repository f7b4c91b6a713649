"""Which node of one graph is which of another: by structure and shapes, never by names.

Values are told apart by their forms: what makes them, from what, all the way back to the inputs.
Parameters correspond if the nodes that use them do. Where two branches are alike in everything,
structure cannot say which is which; such parameters are listed as ambiguous, not chosen.

The walk goes on behind a difference: an op with other attributes, an op that only one side has, a
region that is made in another way. What lies beyond corresponds again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from isograd.ir.detours import Detours, Moved, Step, contrast
from isograd.ir.forms import Forms, forms_of
from isograd.ir.graph import Graph, Node
from isograd.ir.mapping import Link, Permute, Reshaped, Split, TensorMap, Transform
from isograd.ir.moves import move
from isograd.ir.ops import Dropout, TensorType
from isograd.ir.packing import Piece
from isograd.ir.same_parameters import are_same_biases, of_dense, of_gru
from isograd.ir.sight import COMMUTATIVE

Pair = tuple[str, str]
"""A value of the reference and the twin's for it."""


@dataclass(frozen=True)
class Difference:
    """A place where the graphs part: nodes (None where one side has an input, or nothing) and what
    differs.

    ``top`` is the pair of values that the two sides make in their own ways; None for what no value
    is made by, such as a parameter that is shared on one side. ``only`` holds the nodes, the
    reference's and the twin's, that nothing on the other side corresponds to. ``values`` are those
    of the ``attribute``, or the names of what is used in the ``role``; ``moved`` says what
    lies in another order, if that is all.
    """

    reference: Node | None
    twin: Node | None
    detail: str
    top: Pair | None = None
    only: tuple[tuple[Node, ...], tuple[Node, ...]] = ((), ())
    role: str = ""
    attribute: str = ""
    values: tuple[Any, Any] = (None, None)
    moved: Moved = ""


@dataclass
class Alignment:
    """``nodes`` and ``parameters`` map the reference's names to the twin's; what only moves
    elements is no node here. ``turns`` holds the order in which the twin has a value's axes where
    that is another. ``splits`` names the twin's parameters that are the equal pieces of one of the
    reference's, ``joins`` the reference's that are those of one of the twin's; pieces of the
    ``stacked`` ones lie along an axis of their own, and the ``turned`` ones are matrices that the
    twin has transposed. ``ambiguous`` holds groups of parameters, reference's and twin's, that
    structure cannot tell apart. ``steps`` says for each pair of values from which pairs both are
    made; ``outputs`` are the pairs at the end.
    """

    nodes: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    turns: dict[str, Transform] = field(default_factory=dict)
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    joins: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stacked: set[str] = field(default_factory=set)
    turned: set[str] = field(default_factory=set)
    ambiguous: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    steps: dict[Pair, Step] = field(default_factory=dict)
    outputs: list[Pair] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything corresponds to exactly one thing."""
        return not self.ambiguous and not self.differences

    @property
    def mapping(self) -> TensorMap:
        """From the reference's parameters to the twin's. Raises `ValueError` if one of the twin's
        were mapped twice."""
        return self.mapping_of(self.parameters)

    def mapping_of(self, parameters: Mapping[str, str]) -> TensorMap:
        """`mapping` with other pairs of whole parameters."""

        def split(whole: str, pieces: tuple[str, ...]) -> Split:
            piece = Transform((Reshaped((1, -1), (-1,)),) if whole in self.stacked else ())
            turn = Transform((Permute((1, 0)),) if whole in self.turned else ())
            return Split(whole, pieces, turn, (piece,) * len(pieces))

        links = tuple(Link(*pair) for pair in parameters.items())
        cuts = [split(*pair) for pair in self.splits.items()]
        return TensorMap(links, (*cuts, *(split(*pair).inverse for pair in self.joins.items())))


def align(reference: Graph, twin: Graph) -> Alignment:
    """Aligns two graphs from their outputs backwards. Where that leaves something open, layers that
    only one side has packed into one are read as several."""
    found = _aligned(reference, twin, unpacked=False)
    if found.complete:
        return found
    return min(found, _aligned(reference, twin, unpacked=True), key=_what_is_open)


def _what_is_open(found: Alignment) -> tuple[int, int]:
    return len(found.differences), len(found.ambiguous)


def _aligned(reference: Graph, twin: Graph, *, unpacked: bool) -> Alignment:
    walk = _Walk(reference, twin, unpacked=unpacked)
    if len(reference.outputs) != len(twin.outputs):
        detail = f"{len(reference.outputs)} outputs against {len(twin.outputs)}"
        walk.found.differences.append(Difference(None, None, detail))
    for pair in zip(reference.outputs, twin.outputs, strict=False):
        walk.output(*pair)
    return walk.finish()


class _Walk:
    """The two graphs, walked side by side."""

    def __init__(self, reference: Graph, twin: Graph, *, unpacked: bool) -> None:
        self.graphs = reference, twin
        self.nodes = tuple({node.name: node for node in graph.nodes} for graph in self.graphs)
        self.sides = tuple(forms_of(graph, unpacked=unpacked) for graph in self.graphs)
        self.detours = Detours(self.graphs, self.sides)
        self.owners: dict[str, str] = {}
        self.drawn: dict[str, str] = {}
        self.found = Alignment()

    def output(self, a: str, b: str) -> None:
        """Output ``a`` of the reference is output ``b`` of the twin."""
        ours, theirs = (side.views[name] for side, name in zip(self.sides, (a, b), strict=True))
        self.found.outputs.append((ours.root, theirs.root))
        self.pair(ours.root, theirs.root)
        orders = [side.order(name) for side, name in zip(self.sides, (a, b), strict=True)]
        if orders[0] != orders[1]:
            nodes = (self.nodes[0].get(a), self.nodes[1].get(b))
            detail = f"an output of axes {orders[0]} against {orders[1]}"
            self.found.differences.append(Difference(*nodes, detail))

    def pair(self, a: str, b: str) -> None:
        """Root ``a`` of the reference is root ``b`` of the twin, or the graphs part here."""
        stack = [(a, b)]
        while stack:
            pair = stack.pop()
            if pair in self.found.steps:
                continue
            step = self.found.steps[pair] = self._step(*pair)
            if step.detail:
                self.found.differences += self._differences(pair, step)
            if step.is_one_node:
                self._correspond(*pair)
            stack += reversed(step.below)

    def _step(self, a: str, b: str) -> Step:
        """How both are made, and what differs in that."""
        left, right = self.nodes[0].get(a), self.nodes[1].get(b)
        kinds = [graph.type_of(name) for graph, name in zip(self.graphs, (a, b), strict=True)]
        ours, theirs = (side.forms[root] for side, root in zip(self.sides, (a, b), strict=True))
        if left is None and right is None:
            detail = f"{ours.text} against {theirs.text}" if ours.text != theirs.text else ""
            return Step((), detail or _input_difference(*kinds))
        if left is not None and right is not None:
            swapped = self._in_other_order(a, b)
            if swapped:
                return swapped
            if ours.text == theirs.text:
                return Step(tuple(self._inputs(a, b)))
        return self.detours.step(a, b, lambda: tuple(self._inputs(a, b)))

    def _in_other_order(self, a: str, b: str) -> Step | None:
        """A difference of operands that changed places, where each is made like the other one's."""
        ours, theirs = self.sides[0].forms[a], self.sides[1].forms[b]
        alike = ours.op == theirs.op and ours.parameters.keys() == theirs.parameters.keys()
        if not alike or {len(ours.inputs), len(theirs.inputs)} not in ({2}, {3}):
            return None
        if isinstance(ours.op, COMMUTATIVE) or ours.orders != _turned(theirs.orders):
            return None
        turned = _turned(theirs.inputs)
        if self._likeness(ours.inputs, turned) <= self._likeness(ours.inputs, theirs.inputs):
            return None
        detail = f"operands of {type(ours.op).__name__} in the other order"
        return Step(tuple(zip(ours.inputs, turned, strict=True)), detail, moved="operands")

    def _differences(self, pair: Pair, step: Step) -> Iterator[Difference]:
        left, right = (nodes.get(name) for nodes, name in zip(self.nodes, pair, strict=True))
        if step.is_one_node:
            alone = tuple((node,) if node else () for node in (left, right))
            only = alone[0], alone[1]
            both = Difference(left, right, step.detail, pair, only, moved=step.moved)
            ours, theirs = (s.forms[n].op for s, n in zip(self.sides, pair, strict=True))
            for name in step.attributes:
                assert ours is not None
                assert theirs is not None
                values = getattr(ours, name), getattr(theirs, name)
                if are_same_biases(*values):
                    continue
                detail = contrast(ours, theirs, [name])
                yield replace(both, detail=detail, attribute=name, values=values)
            if not step.attributes:
                yield both
            return
        first, second = (
            tuple(nodes[name] for name in names)
            for nodes, names in zip(self.nodes, step.only, strict=True)
        )
        self._dense(first, second)
        top = (first[0] if first else None, second[0] if second else None)
        yield Difference(*top, step.detail, pair, (first, second))

    def _correspond(self, a: str, b: str) -> None:
        """The nodes are each other's, and so are their parameters."""
        self.found.nodes.setdefault(a, b)
        turn = move(self.sides[0].views[a], self.sides[1].views[b])
        if turn.steps:
            self.found.turns[a] = turn
        left, right = self.nodes[0].get(a), self.nodes[1].get(b)
        if left is not None and right is not None:
            self._parameters(left, right)
            self._stacked(left, right)
            self._draws(left, right)

    def _inputs(self, a: str, b: str) -> Iterator[Pair]:
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
        """How many are made alike all the way back, and how much of what is behind them is made by
        the same ops at least."""
        pairs = [*zip(ours, theirs, strict=True)]
        forms = [(self.sides[0].forms[a], self.sides[1].forms[b]) for a, b in pairs]
        whole = sum(one.signature == other.signature for one, other in forms)
        return whole, sum((self._kinds(0, a) & self._kinds(1, b)).total() for a, b in pairs)

    def _kinds(self, side: int, root: str) -> Counter[str]:
        """Texts of the roots that a root is made with, the nearest ones."""
        return Counter(self.sides[side].forms[name].text for name in self.detours.near(side, root))

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
        ours, theirs = (
            side.forms[node.name].parameters
            for side, node in zip(self.sides, (left, right), strict=True)
        )
        for role in (role for role in ours if role in theirs):
            name, other = ours[role], theirs[role]
            if self.sides[0].parameters[name] != self.sides[1].parameters[other]:
                continue
            known = self.found.parameters.setdefault(name, other)
            owner = self.owners.setdefault(other, name)
            if known != other:
                detail = f"{name!r} is shared; the twin has {known!r} and {other!r}"
                values: tuple[Any, Any] = ((name,), (known, other))
                self.found.differences.append(
                    Difference(left, right, detail, role=role, values=values)
                )
            elif owner != name:
                detail = f"the twin's {other!r} is shared; the reference has {owner!r} and {name!r}"
                values = ((owner, name), (other,))
                del self.found.parameters[name]
                self.found.differences.append(
                    Difference(left, right, detail, role=role, values=values)
                )

    def _dense(self, ours: Sequence[Node], theirs: Sequence[Node]) -> None:
        """The same parameters of a region that each side makes in its own way."""
        for same in of_dense(self.graphs, ours, theirs):
            if same.reference in self.found.parameters or same.twin in self.owners:
                continue
            self.owners[same.twin] = same.reference
            if same.turned:
                self.found.splits[same.reference] = (same.twin,)
                self.found.turned.add(same.reference)
            else:
                self.found.parameters[same.reference] = same.twin

    def _stacked(self, left: Node, right: Node) -> None:
        """Two biases that one side has in one array."""
        found = of_gru(left, right)
        if found:
            whole, pieces = found
            cuts = self.found.splits if whole in left.parameters.values() else self.found.joins
            cuts[whole] = pieces
            self.found.stacked.add(whole)

    def _draws(self, left: Node, right: Node) -> None:
        """Two values may be computed alike, but no two are drawn alike."""
        if not isinstance(left.op, Dropout) or not isinstance(right.op, Dropout):
            return
        known = self.found.nodes[left.name]
        owner = self.drawn.setdefault(right.name, left.name)
        if known != right.name:
            detail = f"{left.name!r} is drawn once; the twin draws {known!r} and {right.name!r}"
            self.found.differences.append(Difference(left, right, detail))
        elif owner != left.name:
            detail = f"the twin's {right.name!r} is drawn once; the reference draws {owner!r} and "
            self.found.differences.append(Difference(left, right, f"{detail}{left.name!r}"))

    def _gather(self) -> None:
        """What was found of pieces, as what it says of the whole parameters."""
        pairs = self.found.parameters
        back = {b: a for a, b in pairs.items()}
        ours, theirs = (side.pieces for side in self.sides)
        self.found.parameters = {
            a: b for a, b in pairs.items() if a not in ours and b not in theirs
        }
        for whole, names in _wholes(ours).items():
            twins = tuple(pairs[name] for name in names if name in pairs)
            pieces = [theirs[twin] for twin in twins if twin in theirs]
            if len(twins) < len(names):
                continue
            if not pieces:
                self.found.splits[whole] = twins
            elif pieces == [replace(ours[name], whole=pieces[0].whole) for name in names]:
                self.found.parameters[whole] = pieces[0].whole
            else:
                detail = f"pieces of {whole!r} in another order"
                self.found.differences.append(Difference(None, None, detail))
        for whole, names in _wholes(theirs).items():
            references = tuple(back[name] for name in names if name in back)
            if len(references) == len(names) and not any(name in ours for name in references):
                self.found.joins[whole] = references

    def finish(self) -> Alignment:
        self._gather()
        order = {node.name: place for place, node in enumerate(self.graphs[0].nodes)}
        top = len(order)
        self.found.differences.sort(
            key=lambda d: order.get(
                d.reference.name if d.reference else d.top[0] if d.top else "", top
            )
        )
        return self.found


def _turned(operands: tuple[str, ...]) -> tuple[str, ...]:
    """The last two in the other order; what comes before chooses between them."""
    return operands[:-2] + operands[-2:][::-1]


def _input_difference(left: TensorType, right: TensorType) -> str:
    """What differs but for the names of open sizes and the order of axes."""
    if left.dtype != right.dtype:
        return f"{left.dtype} values against {right.dtype} values"
    known = [sorted(size for size in kind.shape if isinstance(size, int)) for kind in (left, right)]
    return "" if known[0] == known[1] else f"shape {left.shape} against {right.shape}"


def _wholes(pieces: Mapping[str, Piece]) -> dict[str, list[str]]:
    """Tensor to its pieces, in order."""
    found: dict[str, list[str]] = {}
    for name, piece in sorted(pieces.items(), key=lambda item: item[1].index):
        found.setdefault(piece.whole, []).append(name)
    return found


def _behind(side: Forms, nodes: dict[str, Node], names: tuple[str, ...]) -> Iterator[str]:
    """Parameters that the values are made with, each once."""
    seen: set[str] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name not in nodes or name in seen:
            continue
        seen.add(name)
        yield from (one for one in side.forms[name].parameters.values() if one not in seen)
        seen.update(side.forms[name].parameters.values())
        stack += side.forms[name].inputs
