"""What all emitters share: a graph, its layout and a framework's tables become a class definition.

A framework's emitter hands over a `Dialect`: how it writes layers, expressions and the frame around
them. Everything else (names, sharing, order, explicit transposes, the mapping) is decided here, so
that two frameworks' sources of one network differ in nothing but the dialect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain, count

from isograd.errors import UsageError
from isograd.frameworks.classes import Classes, Draft
from isograd.frameworks.constants import Constants
from isograd.frameworks.dialect import Body, Dialect, Layer, Site
from isograd.frameworks.final_states import (
    FINAL,
    TURN,
    final_states,
    handing_out,
    lines_of_recurrence,
    turns,
)
from isograd.frameworks.formatting import Source
from isograd.frameworks.last_steps import last_steps
from isograd.frameworks.locals import SHORT, Held, Line, name_locals
from isograd.frameworks.naming import ATTRIBUTES, LOCALS, UniqueNames
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.splits import splits
from isograd.frameworks.structure import Unit, divide_into_units
from isograd.frameworks.symbolic import Sizes
from isograd.ir.builder import snake_case
from isograd.ir.graph import Graph, Node
from isograd.ir.layout import Layout
from isograd.ir.mapping import Link, TensorMap, Transform
from isograd.ir.ops import Dropout, Slice
from isograd.ir.ops.base import normalize_axis
from isograd.ir.placement import Order


def emit_source(
    graph: Graph,
    layout: Layout,
    dialect: Dialect,
    *,
    idiomatic: bool,
    declared: tuple[str, ...] = (),
) -> Emitted:
    """The graph in the dialect.

    Raises `UsageError` when the dialect lacks an op, or when parameters are shared in a way that
    one native layer cannot express.
    """
    emission = _Emission(graph, layout, dialect, idiomatic)
    body = emission.body()
    values = {name: layout.values[name] for name in graph.inputs}
    values |= dict(zip(graph.outputs, layout.outputs, strict=True))
    return Emitted(
        source=dialect.frame(body),
        class_name=body.network.name,
        parameters=emission.mapping(),
        trainable=tuple(emission.links[name].twin for name in graph.trainable),
        values={name: place.transform for name, place in values.items()},
        dropouts={node.name: emission.attributes[node.name] for node in emission.dropouts},
        masks={node.name: layout.values[node.name].transform for node in emission.dropouts},
        declared=declared,
    )


class _Emission:
    """One graph on its way into one dialect."""

    def __init__(self, graph: Graph, layout: Layout, dialect: Dialect, idiomatic: bool) -> None:
        self.graph = graph
        self.layout = layout
        self.dialect = dialect
        self.types = {**graph.inputs, **{node.name: node.type for node in graph.nodes}}
        self.constants = Constants(graph)
        self.links: dict[str, Link] = {}
        self.attributes: dict[str, str] = {}
        self.dropouts = [node for node in graph.nodes if isinstance(node.op, Dropout)]
        self.units = divide_into_units(graph)
        self.last = frozenset() if dialect.shown else last_steps(graph, self.units)
        self.readers = graph.consumers()
        self.handing_out = handing_out(graph)
        self.sites = {node.name: self._site(node, idiomatic) for node in graph.nodes}

    def body(self) -> Body:
        root = _Module(self, self.units, "").draft()
        classes = Classes(self.dialect.positional, self.dialect.reserved).define(root)
        return Body(
            classes,
            tuple(
                (local, self.types[name], self.layout.values[name])
                for local, name in zip(root.inputs, self.graph.inputs, strict=True)
            ),
        )

    def mapping(self) -> TensorMap:
        """Parameters in the graph's order. Raises `UsageError` when no layer owns one of them."""
        for name in self.graph.parameters:
            if name not in self.links:
                raise UsageError(
                    f"Parameter {name!r} is used by no node, so that no layer can hold it.",
                    hint="Remove it from the graph.",
                )
        return TensorMap(tuple(self.links[name] for name in self.graph.parameters))

    def own(self, name: str) -> Held:
        """A value as it is made."""
        return name, self.layout.values[name].order

    def _site(self, node: Node, idiomatic: bool) -> Site:
        op = type(node.op)
        if op not in self.dialect.expressions:
            raise UsageError(
                f"{self.dialect.name} has no form of {op.__name__} (node {node.name!r}).",
                where=node.source,
                hint="Replace it, or add it to the emitter (see CONTRIBUTING.md).",
            )
        types = tuple(self.types[name] for name in node.inputs)
        usual = node.op.parameters(*types)
        return Site(
            node,
            types,
            self.layout.demands[node.name],
            self.layout.values[node.name],
            idiomatic,
            frozenset(
                role
                for role, name in node.parameters.items()
                if usual[role].trainable and not self.graph.parameters[name].trainable
            ),
            last=node.name in self.last,
            handing_out=node.name in self.handing_out,
        )


class _Module:
    """One unit of the structure on its way into a class. ``path`` is where its instance stands in
    the network, with a dot behind it, or nothing for the network itself.
    """

    def __init__(self, emission: _Emission, unit: Unit, path: str) -> None:
        self.emission = emission
        self.unit = unit
        self.path = path
        self.dialect = emission.dialect
        self.names = UniqueNames(ATTRIBUTES)
        self.construction: list[tuple[str, Source | Draft]] = []
        self.after: dict[str, tuple[str, ...]] = {}
        self.inner: dict[str, tuple[str, Draft]] = {}
        shapes = {
            name: tuple(emission.types[name].shape[axis] for axis in emission.own(name)[1])
            for name in unit.inputs
        }
        reserved = LOCALS | self.dialect.reserved | frozenset(SHORT)
        self.sizes = Sizes(shapes, reserved, self.dialect.size, alike=bool(unit.path))

    def draft(self) -> Draft:
        self._construct()
        inputs, lines = name_locals(
            self._lines(),
            self._inputs(),
            self._outputs(),
            self.dialect.reserved | frozenset(self.sizes.names.values()),
        )
        prelude = self.sizes.prelude(dict(zip(self.unit.inputs, inputs, strict=True)))
        graph = self.emission.graph
        return Draft(
            wish=graph.modules.get(self.unit.path) or self.unit.path.rpartition(".")[2]
            if self.unit.path
            else graph.name,
            construction=self.construction,
            after=self.after,
            forward=(*prelude, *lines),
            inputs=inputs,
            outputs=len(self.unit.outputs),
        )

    def _inputs(self) -> dict[Held, str]:
        """The network's inputs keep their names; a module's are called alike in all its copies."""
        wishes = SHORT if self.unit.path else self.unit.inputs
        more = (f"x{number}" for number in count(len(SHORT)))
        return dict(
            zip(map(self.emission.own, self.unit.inputs), chain(wishes, more), strict=False)
        )

    # Layers -----------------------------------------------------------------------------------

    def _construct(self) -> None:
        """The layers and modules; nodes with the same parameters share one layer."""
        shared: dict[object, str] = {}
        for part in self.unit.parts:
            if isinstance(part, Unit):
                attribute = self.names.claim(self._relative(part.path))
                draft = _Module(self.emission, part, f"{self.path}{attribute}.").draft()
                self.inner[part.path] = attribute, draft
                self.construction.append((attribute, draft))
                continue
            make = self.dialect.layers.get(type(part.op))
            key = _identity(part)
            if make is None or (key not in shared and self._borrows(part)):
                continue
            if key not in shared:
                shared[key] = self.names.claim(self._wish(part))
                self._layer(shared[key], make(self.emission.sites[part.name]), part)
            self.emission.attributes[part.name] = f"{self.path}{shared[key]}"

    def _wish(self, node: Node) -> str:
        """A layer is called as the user calls it; a parameter that is used by itself, too."""
        if not node.inputs and node.parameters:
            return self._relative(next(iter(node.parameters.values())))
        return self._relative(node.scope) or snake_case(type(node.op).__name__)

    def _relative(self, path: str) -> str:
        return path.removeprefix(f"{self.unit.path}.") if path != self.unit.path else ""

    def _borrows(self, node: Node) -> bool:
        """Whether the node's parameters are those of layers of other kinds: tied weights."""
        linked = [name in self.emission.links for name in node.parameters.values()]
        return bool(linked) and all(linked) and type(node.op) in self.dialect.borrow

    def _layer(self, attribute: str, layer: Layer, node: Node) -> None:
        links = self.emission.links
        for role, name in node.parameters.items():
            if name in links:
                raise UsageError(
                    f"Parameter {name!r} is used by two different layers "
                    f"(the second is node {node.name!r}).",
                    where=node.source,
                    hint="Layers that share parameters must be the same in every attribute.",
                )
            native, transform = layer.parameters[role]
            moved = self.emission.layout.parameters.get(name, Transform())
            path = f"{self.path}{attribute}.{native}" if native else f"{self.path}{attribute}"
            links[name] = Link(name, path, moved >> transform)
        self.construction.append((attribute, layer.constructor))
        frozen = self.dialect.freeze(attribute, layer, self.emission.sites[node.name])
        if frozen:
            self.after[attribute] = frozen

    # The forward pass -------------------------------------------------------------------------

    def _lines(self) -> list[Line]:
        """The statements in order; a value is transposed once for all who want it so."""
        own = self.emission.own
        lines: list[Line] = []
        made = {own(name) for name in self.unit.inputs}
        pieces = splits(self.unit.parts, self.emission.types)
        for part in self.unit.parts:
            if isinstance(part, Node) and own(part.name) in made:
                continue  # a final state, or a piece, which has been handed out
            if isinstance(part, Unit):
                reads = tuple(map(own, part.inputs))
                makes = tuple(map(own, part.outputs))
                lines.append(Line(makes, reads, self._caller(part)))
                made |= set(makes)
                continue
            demands = self.emission.layout.demands[part.name]
            wanted = tuple(zip(part.inputs, demands, strict=True))
            for name, place in wanted:
                lines += self._transposes(made, name, place.order)
            reads = tuple((name, place.order) for name, place in wanted)
            states = self._final_states(part)
            names = tuple(piece.name for piece in pieces.get(part.name, (part,)))
            if states is not None:
                lines += self._apart(part, reads, states)
                names += tuple(name for state in states for name in state)
            elif len(names) > 1:
                lines.append(Line(tuple(map(own, names)), reads, self._splitter(part, len(names))))
            else:
                lines.append(Line((own(part.name),), reads, self._writer(part)))
            for name in names:
                made.add(own(name))
                lines += self._shown(name)
        for name, order in self._outputs():
            lines += self._transposes(made, name, order)
        return lines

    def _splitter(self, node: Node, count: int) -> Callable[[tuple[str, ...]], Source]:
        op, site = node.op, self.emission.sites[node.name]
        assert isinstance(op, Slice)
        axis = site.axis(normalize_axis(op.axis, node.type.rank))
        return lambda arguments: self.dialect.split(arguments[0], count, axis)

    def _final_states(self, node: Node) -> tuple[tuple[str, ...], ...] | None:
        if node.name not in self.emission.handing_out:
            return None
        readers = self.emission.readers[node.name]
        states = final_states(node, readers, self.unit.parts)
        if states and self.dialect.shown:  # what selects the last step is shown as that
            final = {reader.name for reader in readers if isinstance(reader.op, FINAL)}
            return tuple(name for name in states[0] if name in final), *states[1:]
        return states

    def _shown(self, name: str) -> list[Line]:
        """A statement that hands the value through, if values are shown."""
        show, own = self.dialect.shown, self.emission.own(name)
        return [Line((own,), (own,), lambda held: show(name, held[0]))] if show else []

    def _apart(
        self, node: Node, reads: tuple[Held, ...], states: tuple[tuple[str, ...], ...]
    ) -> list[Line]:
        """Backwards, the outputs are turned around behind the call that hands out the states."""
        own = self.emission.own
        site = replace(self.emission.sites[node.name], node=replace(node, op=TURN))
        write = self.dialect.expressions[type(TURN)]
        return lines_of_recurrence(
            own(node.name),
            reads,
            tuple(tuple(map(own, names)) for names in states),
            self.dialect.unpack[type(node.op)],
            self._writer(node, apart=True),
            (lambda held: write(replace(site, arguments=held))) if turns(node, site.last) else None,
        )

    def _outputs(self) -> tuple[Held, ...]:
        """The network hands out what the layout says, a module inside what it makes."""
        if self.unit.path:
            return tuple(map(self.emission.own, self.unit.outputs))
        pairs = zip(self.unit.outputs, self.emission.layout.outputs, strict=True)
        return tuple((name, place.order) for name, place in pairs)

    def _transposes(self, made: set[Held], name: str, order: Order) -> list[Line]:
        own, wanted = self.emission.own(name), (name, order)
        if wanted in made:
            return []
        made.add(wanted)
        axes = tuple(own[1].index(axis) for axis in order)
        return [Line((wanted,), (own,), lambda held: self.dialect.transpose(held[0], axes))]

    def _caller(self, unit: Unit) -> Callable[[tuple[str, ...]], Source]:
        attribute, draft = self.inner[unit.path]
        trains = any("training" in line for line in draft.forward)
        return lambda arguments: self.dialect.invoke(f"self.{attribute}", arguments, trains)

    def _writer(self, node: Node, apart: bool = False) -> Callable[[tuple[str, ...]], Source]:
        inline = self._is_inline(node)
        site = replace(self.emission.sites[node.name], size=self.sizes, inline=inline, apart=apart)
        attribute = self.emission.attributes.get(node.name)
        if attribute:
            site = replace(site, layer=f"self.{attribute.removeprefix(self.path)}")
        write = self.dialect.expressions[type(node.op)]
        if node.parameters and not attribute:
            site = replace(site, borrowed=self._borrowed(node))
            write = self.dialect.borrow[type(node.op)]
        return lambda arguments: write(replace(site, arguments=arguments))

    def _is_inline(self, node: Node) -> bool:
        constants = self.emission.constants
        return not self.dialect.shown and constants.is_inline(node, self.unit.parts)

    def _borrowed(self, node: Node) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for role, name in node.parameters.items():
            link = self.emission.links[name]
            path = link.twin.removeprefix(self.path)
            source = self.dialect.restore(f"self.{path}", link.transform)
            if source is None:
                raise UsageError(
                    f"{self.dialect.name}: parameter {name!r} is held in a form that node "
                    f"{node.name!r}, which shares it, cannot take.",
                    where=node.source,
                    hint="Give the node a parameter of its own.",
                )
            found[role] = source
        return found


def _identity(node: Node) -> object:
    """Nodes with equal identity are calls of one layer; a dropout is always its own."""
    if not node.parameters:
        return node.name
    return type(node.op), node.op, tuple(sorted(node.parameters.items()))
