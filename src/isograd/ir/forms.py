"""What a node computes, in one form for all ways to write it: whatever the order in which axes lie,
however they are split and merged, and whichever of several ops that are the same function was
taken.

Each value is seen as a *root*, which an op really makes, and the axes of that root as which its own
are seen (see `isograd.ir.axes`). What only moves elements makes no root: it is a view. Ops that
treat every element or every line along an axis alike may see the others in any order, so that they
are read in the roots' (see `isograd.ir.sight`); all other ops state in what order they see their
inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any

from isograd.ir import ops
from isograd.ir.axes import Atom, Axes, magnitude, merged, plain, reshaped, text
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op
from isograd.ir.ops.base import Shape, TensorType
from isograd.ir.packing import Choice, Piece, packed
from isograd.ir.same_function import same_function
from isograd.ir.sight import COMMUTATIVE, Sight, joined, opaque, see
from isograd.ir.sizes import multiply, renamed, symbols

VIEWS = (ops.Transpose, ops.Reshape, ops.Flatten, ops.ExpandDims, ops.Squeeze)
"""They move elements and make none."""

SYMBOLS = ("N", "T", "S", "R", "Q", "P")
"""What open sizes are called in texts, in the order in which the inputs have them."""

SIZED = (ops.BroadcastTo, ops.Full, ops.Arange, ops.Slice, ops.Reshape)
"""They have sizes among their attributes."""


@dataclass(frozen=True)
class View:
    """A value, seen as ``axes`` of the value ``root``, which has the ``shape`` itself."""

    root: str
    axes: Axes
    shape: Shape

    @property
    def is_plain(self) -> bool:
        return self.axes == plain(self.shape)


@dataclass(frozen=True)
class Form:
    """What a root is.

    ``op`` is one op for all that compute the same, its axes named as they are seen (None for an
    input of the graph); ``orders`` tells how it sees each input, and is empty where it sees all as
    they are made; ``text`` is both, to read. ``inputs`` are the roots that it is made from,
    ``parameters`` its own by role. ``signature`` is equal for values that are made alike, all the
    way back to the inputs. ``shape`` has the sizes of the axes that views of it name.
    """

    op: Op | None
    orders: tuple[str, ...]
    text: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, str]
    signature: str
    shape: Shape

    @property
    def order(self) -> str:
        """How it sees its inputs, as a text; empty where it sees them as they are made."""
        return f"of axes {' and '.join(self.orders)}" if self.orders else ""


@dataclass(frozen=True)
class Forms:
    """All values of a graph: ``views`` by value, ``forms`` by root. ``symbols`` are the names of
    open sizes in texts, ``parameters`` the shapes of all that forms name, among them those
    ``pieces`` that a packed layer is read as."""

    views: Mapping[str, View]
    forms: Mapping[str, Form]
    symbols: Mapping[str, str]
    parameters: Mapping[str, tuple[int, ...]]
    pieces: Mapping[str, Piece]

    def order(self, value: str) -> str:
        """The order in which a value is seen, as a text that is equal for equal orders."""
        view = self.views[value]
        return text(view.axes, view.shape, self.symbols)


def forms_of(graph: Graph, *, unpacked: bool = False) -> Forms:
    """The forms of all values of a graph. Where it is ``unpacked``, the pieces of a packed layer
    (see `isograd.ir.packing`) are layers of their own."""
    reading = _Reading(graph, {})
    found = reading.run()
    if not unpacked:
        return found
    readers: dict[str, set[str]] = {found.views[name].root: {""} for name in graph.outputs}
    for root, form in found.forms.items():
        for name in form.inputs:
            readers.setdefault(name, set()).add(root)
    return _Reading(graph, packed(graph, reading.choices, readers)).run()


def turn(ours: View, theirs: View) -> tuple[int, ...] | None:
    """Axis ``i`` of the second of two values is axis ``turn[i]`` of the first, their roots being
    made alike; None where they are split or merged otherwise."""
    places, wanted = (_places(view) for view in (ours, theirs))
    if places is None or wanted is None or sorted(places) != sorted(wanted):
        return None
    ones = iter([i for i, axis in enumerate(places) if axis < 0])
    return tuple(next(ones) if axis < 0 else places.index(axis) for axis in wanted)


def _places(view: View) -> list[int] | None:
    """The root's axis that each one is, -1 for one of size 1; None if one is no whole axis."""
    whole = plain(view.shape)
    if any(axis not in whole for axis in view.axes if axis):
        return None
    return [axis[0].axis if axis else -1 for axis in view.axes]


class _Reading:
    """A graph, read from its inputs to its outputs."""

    def __init__(self, graph: Graph, packed: Mapping[str, tuple[Node, int, int]]) -> None:
        self.graph = graph
        self.packed = packed
        self.choices: dict[str, Choice] = {}
        self.pieces: dict[str, Piece] = {}
        self.parameters = {name: spec.shape for name, spec in graph.parameters.items()}
        self.views: dict[str, View] = {}
        self.forms: dict[str, Form] = {}
        self.types: dict[str, TensorType] = {**graph.inputs}
        self.joins: dict[str, tuple[View, Axes]] = {}
        open_sizes = symbols(*(size for kind in graph.inputs.values() for size in kind.shape))
        more = (f"n{number}" for number in range(len(open_sizes)))
        self.symbols = dict(zip(open_sizes, (*SYMBOLS, *more), strict=False))

    def run(self) -> Forms:
        for number, (name, kind) in enumerate(self.graph.inputs.items()):
            self._input(name, kind, number)
        for node in self.graph.nodes:
            self.types[node.name] = node.type
            if isinstance(node.op, VIEWS):
                self._moved(node)
            else:
                self._made(node)
        return Forms(self.views, self.forms, self.symbols, self.parameters, self.pieces)

    def _input(self, name: str, kind: TensorType, number: int) -> None:
        self.views[name] = View(name, plain(kind.shape), kind.shape)
        words = f"input {number}"
        self.forms[name] = Form(None, (), words, (), {}, self._signature(words, ()), kind.shape)

    # What moves elements --------------------------------------------------------------------------

    def _moved(self, node: Node) -> None:
        view = self.views[node.inputs[0]]
        if isinstance(node.op, ops.Transpose):
            axes = tuple(view.axes[axis] for axis in node.op.axes)
            self.views[node.name] = replace(view, axes=axes)
            return
        view = self._before_joining(view)
        segments = reshaped(view.axes, node.type.shape)
        if all(segment.axes is not None for segment in segments):
            folded = (axis for segment in segments for axis in segment.axes or ())
            self.views[node.name] = replace(view, axes=tuple(folded))
            return
        sight = joined(segments)
        if sight is None:
            self._root(
                node, opaque(ops.Reshape(node.type.shape), [view.axes], node.type.shape), [view]
            )
            return
        self._root(node, sight, [view])
        self.joins[node.name] = view, sight.seen[0]

    def _before_joining(self, view: View) -> View:
        """A chain of reshapes is its last one: what was joined to make the root of this view, in
        the order in which it lies here, if it lies together again."""
        if view.root not in self.joins:
            return view
        source, seen = self.joins[view.root]
        atoms: list[Atom] = []
        for atom in merged(atom for axis in view.axes for atom in axis):
            if atom.size == view.shape[atom.axis]:
                atoms += seen[atom.axis]
                continue
            if len(seen[atom.axis]) > 1:
                return view
            (whole,) = seen[atom.axis]
            atoms.append(Atom(whole.axis, multiply(whole.stride, atom.stride), atom.size))
        return replace(source, axes=(tuple(atoms),))

    # What makes elements --------------------------------------------------------------------------

    def _made(self, node: Node) -> None:
        op = same_function(node, self.types)
        views = [self.views[name] for name in node.inputs]
        if isinstance(op, COMMUTATIVE):
            views = self._sorted(op, views, node.type.shape)
        seen = see(op, [view.axes for view in views], node.type.shape)
        if isinstance(seen, tuple):
            self.views[node.name] = replace(views[0], axes=seen)
            return
        sight = seen or opaque(op, [view.axes for view in views], node.type.shape)
        self._root(node, sight, views)

    def _sorted(self, op: Op, views: list[View], shape: Shape) -> list[View]:
        """Operands that may change places: the larger one first, of two that are as large the one
        whose op and then whose form comes first (so that a change far behind does not turn the axes
        of all that follows), of two of one form the one that makes the order read lower."""
        keys = [self._rank(view) for view in views]
        if keys[0] != keys[1]:
            return views if keys[0] < keys[1] else views[::-1]
        return min(views, views[::-1], key=lambda pair: self._orders_of(op, pair, shape))

    def _rank(self, view: View) -> tuple[int, str, str]:
        form = self.forms[view.root]
        return -magnitude(multiply(*view.shape)), type(form.op).__name__, form.signature

    def _orders_of(self, op: Op, views: Sequence[View], shape: Shape) -> tuple[str, ...]:
        operands = [view.axes for view in views]
        sight = see(op, operands, shape)
        sight = sight if isinstance(sight, Sight) else opaque(op, operands, shape)
        return self._orders(sight, views)

    def _root(self, node: Node, sight: Sight, views: Sequence[View]) -> None:
        self.views[node.name] = View(node.name, sight.axes, sight.shape)
        inputs = tuple(view.root for view in views)
        orders = self._orders(sight, views)
        form = Form(self._named(sight.op), orders, "", inputs, node.parameters, "", sight.shape)
        if node.name in self.packed:
            form = self._piece(form, *self.packed[node.name])
        if isinstance(sight.op, ops.Select):
            axis = sight.seen[0][sight.op.axis]
            self.choices[node.name] = Choice(inputs[0], axis, sight.op.index)
        words = " ".join(filter(None, (self._words(form), form.order, sight.note)))
        signature = self._signature(words, form.inputs)
        self.forms[node.name] = replace(form, text=words, signature=signature)

    def _piece(self, chosen: Form, layer: Node, index: int, count: int) -> Form:
        """What was chosen of a packed layer, as what a layer of its own makes."""
        assert isinstance(layer.op, ops.Linear)
        names = {}
        for role, whole in layer.parameters.items():
            piece = Piece(whole, index, count)
            first, *others = self.graph.parameters[whole].shape
            names[role] = piece.name
            self.pieces[piece.name] = piece
            self.parameters[piece.name] = (first // count, *others)
        op = replace(layer.op, out_features=layer.op.out_features // count)
        made = self.forms[layer.name]
        return replace(made, op=op, parameters=names, shape=chosen.shape)

    def _orders(self, sight: Sight, views: Sequence[View]) -> tuple[str, ...]:
        sides = [*zip(sight.seen, views, strict=True)]
        is_plain = _is_as_made if sight.exact else _is_plain
        if all(is_plain(axes, view.shape) for axes, view in sides):
            return ()
        return tuple(text(axes, view.shape, self.symbols) for axes, view in sides)

    def _named(self, op: Op) -> Op:
        """Open sizes by the names that texts have for them."""
        if not isinstance(op, SIZED):
            return op
        values = {each.name: getattr(op, each.name) for each in fields(op)}
        return replace(op, **{name: self._size(value) for name, value in values.items()})

    def _size(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(self._size, value))
        return renamed(value, self.symbols) if isinstance(value, str) else value

    def _words(self, form: Form) -> str:
        if isinstance(form.op, ops.Reshape):
            return f"Reshape to {form.op.shape[1:]}"
        shapes = [self.parameters[name] for name in form.parameters.values()]
        return f"{form.op}" if not shapes else f"{form.op} with parameters {shapes}"

    def _signature(self, words: str, inputs: tuple[str, ...]) -> str:
        whole = repr((words, [self.forms[root].signature for root in inputs]))
        return sha256(whole.encode()).hexdigest()


def _is_as_made(axes: Axes, shape: Shape) -> bool:
    return axes == plain(shape)


def _is_plain(axes: Axes, shape: Shape) -> bool:
    """Whether a root is seen as it is made, but for axes of size 1 in front, along which it is
    repeated."""
    whole = tuple(axis for axis in plain(shape) if axis)
    front = len(axes) - len(whole)
    return axes == ((),) * front + whole
