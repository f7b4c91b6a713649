"""Networks between two that were aligned: the twin, with some of the differences mended.

Pair by pair, the value is made as the twin makes it, or, where a difference is taken, with copies
of the reference's nodes. With no difference taken that is the twin itself, with all of them taken
it computes what the reference does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from isograd.ir.alignment import Alignment, Difference, Pair
from isograd.ir.axes import rearrangement
from isograd.ir.detours import Step
from isograd.ir.forms import forms_of, turn
from isograd.ir.graph import Graph, Node, Weights
from isograd.ir.mapping import TensorMap
from isograd.ir.ops import Op, ShapeError, TensorType, Transpose
from isograd.ir.ops.base import ParameterSpec
from isograd.ir.sizes import Dim, renamed, symbols

REFERENCE, TWIN = 0, 1


@dataclass(frozen=True)
class Blended:
    """A network between two.

    ``values`` maps values of the reference to those that stand for them here: roots (see
    `isograd.ir.forms`) and what is copied between them; ``parameters`` the reference's parameters
    to those here. ``origins`` says for each parameter here whose weights it has: the side (0 is the
    reference), and the name there. ``mended`` are values of the reference that are made as it makes
    them.
    """

    graph: Graph
    values: Mapping[str, str]
    parameters: Mapping[str, str]
    origins: Mapping[str, tuple[int, str]]
    mended: frozenset[str]
    cuts: TensorMap

    def weights(self, reference: Weights, twin: Weights) -> Weights:
        """The reference's weights, cut or joined where the twin's are, and the twin's for what the
        reference has not."""
        moved = self.cuts.forward({name: reference[name] for name in self.cuts.references})
        sides = reference, twin | moved
        return {name: sides[side][origin] for name, (side, origin) in self.origins.items()}


def blend(
    reference: Graph, twin: Graph, alignment: Alignment, taken: Collection[Difference]
) -> Blended:
    """The twin with the differences ``taken`` made like the reference's.

    Raises `ShapeError` where the outcome is no network: sizes that do not fit any more, say.
    """
    return _Blend(reference, twin, alignment, taken).run()


@dataclass
class _Blend:
    reference: Graph
    twin: Graph
    alignment: Alignment
    taken: Collection[Difference]

    nodes: list[Node] = field(default_factory=list)
    types: dict[str, TensorType] = field(default_factory=dict)
    parameters: dict[str, ParameterSpec] = field(default_factory=dict)
    origins: dict[str, tuple[int, str]] = field(default_factory=dict)
    built: dict[Pair, str] = field(default_factory=dict)
    copied: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graphs = _with_symbols(self.reference, self.twin), self.twin
        self.forms = tuple(forms_of(graph) for graph in self.graphs)
        self.sources = tuple({node.name: node for node in graph.nodes} for graph in self.graphs)
        self.fixed = {d.top for d in self.taken if d.top}
        left = {d.top for d in self.alignment.differences if d not in self.taken}
        self.partly = {
            pair: {d.attribute: d.values for d in self.taken if d.top == pair}
            for pair in self.fixed & left
            if pair
        }
        self.retied = {
            (d.twin.name, d.role): d.reference.parameters[d.role]
            for d in self.taken
            if d.role and d.reference and d.twin
        }
        self.types |= self.twin.inputs

    def run(self) -> Blended:
        for pair in self._in_order():
            self.built[pair] = self._build(pair, self.alignment.steps[pair])
        used = {name for node in self.nodes for name in node.parameters.values()}
        self.parameters = {n: spec for n, spec in self.parameters.items() if n in used}
        self.origins = {n: origin for n, origin in self.origins.items() if n in used}
        outputs = tuple(map(self._output, self.graphs[TWIN].outputs, self.alignment.outputs))
        graph = Graph(
            self.twin.name,
            self.twin.inputs,
            tuple(self.nodes),
            outputs,
            self.parameters,
            self.twin.modules,
        )
        self._check_parameters(graph)
        found = {origin: name for name, (side, origin) in self.origins.items() if side == REFERENCE}
        known = {p: q for p, q in self.alignment.parameters.items() if q in self.parameters}
        values = self.copied | {a: name for (a, _), name in self.built.items()}
        mended = frozenset(a for a, b in self.fixed if (a, b) not in self.partly)
        cuts = replace(self.alignment.mapping, links=())
        return Blended(graph, values, known | found, self.origins, mended, cuts)

    def _check_parameters(self, graph: Graph) -> None:
        """Raises `ShapeError` for a node whose parameter comes from the other side with another
        size. Frameworks compute with what they are given, and would not tell."""
        for node in graph.nodes:
            wanted = node.op.parameters(*(self.types[name] for name in node.inputs))
            for role, name in node.parameters.items():
                side, origin = self.origins[name]
                shape = self.graphs[side].parameters[origin].shape
                if sorted(shape) != sorted(wanted[role].shape):
                    raise ShapeError(
                        f"{node.name!r} takes a {role} of shape {list(wanted[role].shape)}, and "
                        f"that of the {'twin' if side == TWIN else 'reference'} has {list(shape)}"
                    )

    def _in_order(self) -> Iterator[Pair]:
        """All pairs, each behind those that it is made from."""
        done: set[Pair] = set()
        stack = [(pair, False) for pair in reversed(self.alignment.outputs)]
        while stack:
            pair, ready = stack.pop()
            if pair in done:
                continue
            if ready:
                done.add(pair)
                yield pair
                continue
            stack.append((pair, True))
            stack += [(below, False) for below in reversed(self.alignment.steps[pair].below)]

    def _build(self, pair: Pair, step: Step) -> str:
        a, b = pair
        if b in self.twin.inputs and not any(step.only):
            return b
        if pair not in self.fixed or pair in self.partly:
            frontier = [(below[1], self.built[below]) for below in step.below]
            if pair in self.partly:
                return self._partly(pair, frontier)
            return self._copy(TWIN, b, frontier)
        frontier = [(below[0], self._turned(below, TWIN, REFERENCE)) for below in step.below]
        self.built[pair] = self._copy(REFERENCE, a, frontier)
        return self._turned(pair, REFERENCE, TWIN)

    def _partly(self, pair: Pair, frontier: Sequence[tuple[str, str]]) -> str:
        """The twin's node with some of the reference's attributes."""
        value = self._copy(TWIN, pair[TWIN], frontier)
        made = self.nodes.pop()
        changed = {name: ours for name, (ours, _) in self.partly[pair].items()}
        op = replace(made.op, **changed)
        types = [self.types[name] for name in made.inputs]
        parameters = {
            role: made.parameters.get(role) or self._missing(pair, role)
            for role in op.parameters(*types)
        }
        kind = op.infer(*types)
        self.nodes.append(replace(made, op=op, parameters=parameters, type=kind))
        self.types[value] = kind
        return value

    def _missing(self, pair: Pair, role: str) -> str:
        return self._of_reference(self.sources[REFERENCE][pair[REFERENCE]].parameters[role])

    def _turned(self, pair: Pair, here: int, there: int) -> str:
        """The pair's value, built as ``here`` has its axes, as ``there`` has them."""
        before, after = (self.forms[side].views[pair[side]] for side in (here, there))
        value = self.built[pair]
        axes = turn(before, after)
        if axes:
            steps: tuple[Op, ...] = (Transpose(axes),) if axes != tuple(sorted(axes)) else ()
            return self._stepped(steps, value)
        try:
            steps = rearrangement(before.axes, after.axes)
        except ValueError as error:
            raise ShapeError(f"{pair[here]!r} and {pair[there]!r}: {error}") from None
        return self._stepped(steps, value)

    def _stepped(self, steps: Sequence[Op], value: str) -> str:
        for op in steps:
            value = self._add(op, (value,), {}, value, None, "")
        return value

    def _output(self, name: str, pair: Pair) -> str:
        """The twin's output, on what its root became."""
        return self._copy(TWIN, name, [(pair[TWIN], self.built[pair])])

    # Copies ---------------------------------------------------------------------------------------

    def _copy(self, side: int, top: str, frontier: Sequence[tuple[str, str]]) -> str:
        """A value of one side, made from copies of its nodes down to the ``frontier``: roots, and
        what stands for them. A root that stands there twice is taken in the order of its uses.
        """
        done: dict[str, str] = {}
        uses = list(frontier)

        def known(name: str) -> str | None:
            found = [place for place, (root, _) in enumerate(uses) if root == name]
            if len(found) > 1:
                return uses.pop(found[0])[1]
            return uses[found[0]][1] if found else done.get(name)

        direct = known(top) if top in {root for root, _ in frontier} else None
        if direct is not None:
            return direct
        order = self._needed(side, top, {root for root, _ in frontier})
        for node in order:
            inputs = tuple(known(name) or name for name in node.inputs)
            done[node.name] = self._copied(side, node, inputs)
            if side == REFERENCE:
                self.copied[node.name] = done[node.name]
        return done[top]

    def _needed(self, side: int, top: str, stops: set[str]) -> list[Node]:
        """The nodes behind a value as far as the stops, in order."""
        wanted: dict[str, Node] = {}
        stack = [(top, False)]
        while stack:
            name, ready = stack.pop()
            if name in wanted or (name in stops and name != top) or name not in self.sources[side]:
                continue
            node = self.sources[side][name]
            if ready:
                wanted[name] = node
                continue
            stack.append((name, True))
            stack += [(one, False) for one in reversed(node.inputs)]
        return list(wanted.values())

    def _copied(self, side: int, node: Node, inputs: tuple[str, ...]) -> str:
        parameters = {
            role: self._owner(side, node, role, name) for role, name in node.parameters.items()
        }
        return self._add(node.op, inputs, parameters, node.name, node.source, node.scope)

    def _add(
        self,
        op: Op,
        inputs: tuple[str, ...],
        parameters: Mapping[str, str],
        name: str,
        source: str | None,
        scope: str,
    ) -> str:
        fresh, count = name, 1
        while fresh in self.types:
            count += 1
            fresh = f"{name}_{count}"
        kind = op.infer(*(self.types[value] for value in inputs))
        self.nodes.append(Node(fresh, op, inputs, parameters, scope, source, kind))
        self.types[fresh] = kind
        return fresh

    def _owner(self, side: int, node: Node, role: str, name: str) -> str:
        """The parameter here that a copied node's parameter becomes."""
        if side == TWIN:
            retied = self.retied.get((node.name, role))
            if retied is None:
                return self._of_twin(name)
            name = retied
        other = self.alignment.parameters.get(name)
        if other is None or (self._first(other) != name and name in self.retied.values()):
            return self._of_reference(name)
        return self._of_twin(other)

    def _first(self, name: str) -> str | None:
        """The reference's first parameter that is this one of the twin's."""
        return next((p for p, q in self.alignment.parameters.items() if q == name), None)

    def _of_twin(self, name: str) -> str:
        first = self._first(name)
        self.parameters[name] = self.twin.parameters[name]
        self.origins[name] = (TWIN, name) if first is None else (REFERENCE, first)
        return name

    def _of_reference(self, name: str) -> str:
        fresh = name if name not in self.twin.parameters else f"{name}_of_the_reference"
        self.parameters[fresh] = self.reference.parameters[name]
        self.origins[fresh] = (REFERENCE, name)
        return fresh


def _with_symbols(reference: Graph, twin: Graph) -> Graph:
    """The reference with the twin's names for open sizes."""
    names: dict[str, str] = {}
    for ours, theirs in zip(reference.inputs.values(), twin.inputs.values(), strict=False):
        for a, b in zip(ours.shape, theirs.shape, strict=False):
            if (
                isinstance(a, str)
                and isinstance(b, str)
                and len(symbols(a)) == len(symbols(b)) == 1
            ):
                names.setdefault(symbols(a)[0], symbols(b)[0])
    if all(a == b for a, b in names.items()):
        return reference

    def new(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(new(item) for item in value)
        known = isinstance(value, str) and value and set(_symbols_in(value)) & set(names)
        return renamed(value, names) if known else value  # type: ignore[arg-type]

    def kind(one: TensorType) -> TensorType:
        return one.with_shape(tuple(new(size) for size in one.shape))  # type: ignore[misc]

    nodes = tuple(
        replace(
            node,
            op=type(node.op).from_attributes({k: new(v) for k, v in node.op.attributes().items()}),
            type=kind(node.type),
        )
        for node in reference.nodes
    )
    inputs = {name: kind(one) for name, one in reference.inputs.items()}
    return replace(reference, inputs=inputs, nodes=nodes)


def _symbols_in(text: str) -> tuple[Dim, ...]:
    try:
        return symbols(text)
    except ValueError:
        return ()
