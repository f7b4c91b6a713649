"""What all emitters share: a graph, its layout and a framework's tables become a class definition.

A framework's emitter hands over a `Dialect`: how it writes layers, expressions and the frame around
them. Everything else (names, sharing, order, explicit transposes, the mapping) is decided here, so
that two frameworks' sources of one network differ in nothing but the dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from isograd.errors import UsageError
from isograd.frameworks.formatting import Source, statement
from isograd.frameworks.locals import SHORT, Held, Line, name_locals
from isograd.frameworks.naming import ATTRIBUTES, LOCALS, UniqueNames, class_name
from isograd.frameworks.protocol import Emitted
from isograd.ir.graph import Graph, Node
from isograd.ir.layout import Layout
from isograd.ir.mapping import Link, TensorMap, Transform
from isograd.ir.ops import Dropout, Op
from isograd.ir.ops.base import Dim, TensorType
from isograd.ir.placement import Order, Placement
from isograd.ir.sizes import is_symbol, symbols, written


@dataclass(frozen=True)
class Layer:
    """A native layer: its constructor call, and for each role of the op's parameters the native
    name and the transform from the logical form to the framework's own.
    """

    constructor: Source
    parameters: Mapping[str, tuple[str, Transform]] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A node where it is written: its inputs' logical types and how they are held, and the names
    of the local variables that hold them. ``frozen`` names the roles of parameters that usually
    train but do not here. ``layer`` is the native layer, ``self.conv1``, if any; a node whose
    parameters belong to another node's layer has none, and reads them from ``borrowed``, role to
    source of the logical parameter. ``size`` writes a symbolic size.
    """

    node: Node
    types: tuple[TensorType, ...]
    placements: tuple[Placement, ...]
    result: Placement
    idiomatic: bool
    frozen: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    layer: str = ""
    borrowed: Mapping[str, Source] = field(default_factory=dict)
    size: Callable[[Dim], int | str] = lambda size: size

    @property
    def x(self) -> str:
        """The first argument."""
        return self.arguments[0]

    def position(self, axis: int) -> int:
        """The physical position of a logical axis of the first input."""
        return self.placements[0].position(axis)

    def axis(self, axis: int) -> int:
        """Like `position`, with -1 for the last axis."""
        place = self.position(axis)
        return -1 if place == self.types[0].rank - 1 else place

    @property
    def target_shape(self) -> tuple[int | str, ...]:
        """The result's physical shape as source: the first size that is not known is -1, further
        ones are computed from the inputs' shapes.
        """
        want = [self.node.type.shape[axis] for axis in self.result.order]
        open_at = next((i for i, size in enumerate(want) if isinstance(size, str)), None)
        return tuple(-1 if i == open_at else self.size(size) for i, size in enumerate(want))


@dataclass(frozen=True)
class Body:
    """What a dialect frames: lines of the constructor and of the forward pass (each indented by
    8), and the parts around them.
    """

    class_name: str
    inputs: tuple[str, ...]
    shapes: tuple[tuple[str, TensorType, Placement], ...]
    construction: tuple[str, ...]
    forward: tuple[str, ...]
    outputs: int


@dataclass(frozen=True)
class Dialect:
    """A framework's way to write things.

    ``layers`` holds a function for each op with parameters or randomness, ``expressions`` one for
    each op. ``transpose`` writes an explicit transpose, ``freeze`` the lines behind a layer (given
    by its attribute) some of whose parameters do not train. ``frame`` makes the source file.
    ``reserved`` are the names that a network's class and its variables must not hide. ``size`` is
    the source of a value's size along a physical axis. ``borrow`` is the source of an op's result
    whose parameters are another layer's, ``restore`` that of a parameter's logical form, given its
    native one and the transform that made it so (None where it has no short form).
    """

    name: str
    layers: Mapping[type[Op], Callable[[Site], Layer]]
    expressions: Mapping[type[Op], Callable[[Site], Source]]
    transpose: Callable[[str, Order], Source]
    freeze: Callable[[str, Layer, Site], tuple[str, ...]]
    frame: Callable[[Body], str]
    reserved: frozenset[str]
    size: Callable[[str, int], str]
    borrow: Mapping[type[Op], Callable[[Site], Source]]
    restore: Callable[[str, Transform], Source | None]


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
    values |= {node.name: layout.values[node.name] for node in emission.dropouts}
    values |= dict(zip(graph.outputs, layout.outputs, strict=True))
    return Emitted(
        source=dialect.frame(body),
        class_name=body.class_name,
        parameters=emission.mapping(),
        trainable=tuple(emission.links[name].twin for name in graph.trainable),
        values={name: place.transform for name, place in values.items()},
        dropouts={node.name: emission.attributes[node.name] for node in emission.dropouts},
        declared=declared,
    )


class _Emission:
    """One graph on its way into one dialect."""

    def __init__(self, graph: Graph, layout: Layout, dialect: Dialect, idiomatic: bool) -> None:
        self.graph = graph
        self.layout = layout
        self.dialect = dialect
        self.types = {**graph.inputs, **{node.name: node.type for node in graph.nodes}}
        self.links: dict[str, Link] = {}
        self.attributes: dict[str, str] = {}
        self.dropouts = [node for node in graph.nodes if isinstance(node.op, Dropout)]
        self.sizes = _Sizes(graph, layout, dialect)
        self.sites = {node.name: self._site(node, idiomatic) for node in graph.nodes}
        self.construction = self._layers()

    def body(self) -> Body:
        inputs, lines = name_locals(
            self._lines(),
            tuple(map(self._own, self.graph.inputs)),
            self._outputs(),
            self.dialect.reserved | frozenset(self.sizes.names.values()),
        )
        lines = self.sizes.prelude(dict(zip(self.graph.inputs, inputs, strict=True))) + lines
        return Body(
            class_name=class_name(self.graph.name, self.dialect.reserved),
            inputs=inputs,
            shapes=tuple(
                (local, self.types[name], self.layout.values[name])
                for local, name in zip(inputs, self.graph.inputs, strict=True)
            ),
            construction=tuple(self.construction),
            forward=tuple(lines),
            outputs=len(self.graph.outputs),
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
        )

    # Layers -----------------------------------------------------------------------------------

    def _layers(self) -> list[str]:
        """The lines that construct the layers; nodes with the same parameters share one."""
        names = UniqueNames(ATTRIBUTES)
        shared: dict[object, str] = {}
        lines: list[str] = []
        for node in self.graph.nodes:
            make = self.dialect.layers.get(type(node.op))
            if make is None:
                continue
            key = _identity(node)
            if key not in shared and self._borrows(node):
                continue
            if key not in shared:
                shared[key] = names.claim(node.scope or node.name)
                layer = make(self.sites[node.name])
                lines += self._construct(shared[key], layer, node)
            self.attributes[node.name] = shared[key]
        return lines

    def _borrows(self, node: Node) -> bool:
        """Whether the node's parameters are those of layers of other kinds: tied weights."""
        linked = [name in self.links for name in node.parameters.values()]
        return bool(linked) and all(linked) and type(node.op) in self.dialect.borrow

    def _construct(self, attribute: str, layer: Layer, node: Node) -> list[str]:
        for role, name in node.parameters.items():
            if name in self.links:
                raise UsageError(
                    f"Parameter {name!r} is used by two different layers "
                    f"(the second is node {node.name!r}).",
                    where=node.source,
                    hint="Layers that share parameters must be the same in every attribute.",
                )
            native, transform = layer.parameters[role]
            moved = self.layout.parameters.get(name, Transform())
            path = f"{attribute}.{native}" if native else attribute
            self.links[name] = Link(name, path, moved >> transform)
        lines = list(statement(f"self.{attribute} = ", layer.constructor, 8))
        frozen = self.dialect.freeze(attribute, layer, self.sites[node.name])
        return lines + [" " * 8 + line for line in frozen]

    # The forward pass -------------------------------------------------------------------------

    def _lines(self) -> list[Line]:
        """The statements in order; a value is transposed once for all who want it so."""
        lines: list[Line] = []
        made = {self._own(name) for name in self.types}
        for node in self.graph.nodes:
            wanted = tuple(zip(node.inputs, self.layout.demands[node.name], strict=True))
            for name, place in wanted:
                lines += self._transposes(made, name, place.order)
            reads = tuple((name, place.order) for name, place in wanted)
            lines.append(Line(self._own(node.name), reads, self._writer(node)))
        for name, order in self._outputs():
            lines += self._transposes(made, name, order)
        return lines

    def _outputs(self) -> tuple[Held, ...]:
        pairs = zip(self.graph.outputs, self.layout.outputs, strict=True)
        return tuple((name, place.order) for name, place in pairs)

    def _own(self, name: str) -> Held:
        return name, self.layout.values[name].order

    def _transposes(self, made: set[Held], name: str, order: Order) -> list[Line]:
        own, wanted = self._own(name), (name, order)
        if wanted in made:
            return []
        made.add(wanted)
        axes = tuple(own[1].index(axis) for axis in order)
        return [Line(wanted, (own,), lambda held: self.dialect.transpose(held[0], axes))]

    def _writer(self, node: Node) -> Callable[[tuple[str, ...]], Source]:
        site = replace(self.sites[node.name], size=self.sizes)
        attribute = self.attributes.get(node.name)
        if attribute:
            site = replace(site, layer=f"self.{attribute}")
        write = self.dialect.expressions[type(node.op)]
        if node.parameters and not attribute:
            site = replace(site, borrowed=self._borrowed(node))
            write = self.dialect.borrow[type(node.op)]
        return lambda arguments: write(replace(site, arguments=arguments))

    def _borrowed(self, node: Node) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for role, name in node.parameters.items():
            link = self.links[name]
            source = self.dialect.restore(f"self.{link.twin}", link.transform)
            if source is None:
                raise UsageError(
                    f"{self.dialect.name}: parameter {name!r} is held in a form that node "
                    f"{node.name!r}, which shares it, cannot take.",
                    where=node.source,
                    hint="Give the node a parameter of its own.",
                )
            found[role] = source
        return found


class _Sizes:
    """Symbolic sizes in a forward pass: each symbol that is needed becomes a local variable."""

    def __init__(self, graph: Graph, layout: Layout, dialect: Dialect) -> None:
        self.dialect = dialect
        self.found: dict[str, tuple[str, int]] = {}
        for name, kind in graph.inputs.items():
            for position, axis in enumerate(layout.values[name].order):
                if is_symbol(size := kind.shape[axis]):
                    self.found.setdefault(str(size), (name, position))
        names = UniqueNames(LOCALS | dialect.reserved | frozenset(SHORT))
        self.names = {symbol: names.claim(f"{symbol.lower()}", "size") for symbol in self.found}
        self.used: set[str] = set()

    def __call__(self, size: Dim) -> int | str:
        """``size`` as source."""
        if isinstance(size, int):
            return size
        for symbol in symbols(size):
            if symbol not in self.found:
                raise UsageError(
                    f"The size {symbol!r} is not a size of any input by itself.",
                    hint="Give it as a number.",
                )
            self.used.add(symbol)
        return written(size, self.names)

    def prelude(self, inputs: Mapping[str, str]) -> list[str]:
        """The lines that read the symbols off the inputs, given the inputs' local names."""
        return [
            f"        {self.names[symbol]} = {self.dialect.size(inputs[name], position)}"
            for symbol, (name, position) in self.found.items()
            if symbol in self.used
        ]


def _identity(node: Node) -> object:
    """Nodes with equal identity are calls of one layer; a dropout is always its own."""
    if not node.parameters:
        return node.name
    return type(node.op), node.op, tuple(sorted(node.parameters.items()))
