"""What a node computes, in one form for all ways to write it: whatever the order in which axes lie,
and whichever of several ops that are the same function was taken.

Each value is seen as a *root*, which an op really makes, and the order in which its axes are seen.
A transpose makes no root: it is a view. Ops that treat every element or every line along an axis
alike keep the order of what they are given, so that their axes can be named by the root's; all
other ops state in what order they see their inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.layout_families import ALIKE, OF_TWO, REDUCTIONS
from isograd.ir.ops import Op
from isograd.ir.ops.base import Shape, TensorType, normalize_axis
from isograd.ir.ops.windows import count_windows

COMMUTATIVE: tuple[type[Op], ...] = (
    ops.Add, ops.Multiply, ops.Maximum, ops.Minimum, ops.LogicalAnd, ops.LogicalOr, ops.LogicalXor,
)  # fmt: skip

RESHAPES = (ops.Reshape, ops.Flatten, ops.ExpandDims, ops.Squeeze)
"""They leave the elements where they are."""


LAST = (ops.Linear, ops.LayerNorm, ops.RMSNorm)
"""They work on the last axes of one value."""


@dataclass(frozen=True)
class View:
    """Axis ``i`` of a value is axis ``axes[i]`` of the value ``root``."""

    root: str
    axes: tuple[int, ...]

    @property
    def is_plain(self) -> bool:
        return self.axes == tuple(range(len(self.axes)))


@dataclass(frozen=True)
class Form:
    """What a root is.

    ``op`` is one op for all that compute the same, its axes named by the roots' (None for an input
    of the graph); ``order`` tells how it sees its inputs, and is empty where it sees them as they
    are made; ``text`` is both, to read. ``inputs`` are the roots that it is made from,
    ``parameters`` its own by role. ``signature`` is equal for values that are made alike, all the
    way back to the inputs.
    """

    op: Op | None
    order: str
    text: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, str]
    signature: str


@dataclass(frozen=True)
class Forms:
    """All values of a graph: ``views`` by value, ``forms`` by root."""

    views: Mapping[str, View]
    forms: Mapping[str, Form]


def forms_of(graph: Graph) -> Forms:
    """The forms of all values of a graph."""
    return _Reading(graph).run()


class _Reading:
    """A graph, read from its inputs to its outputs."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.views: dict[str, View] = {}
        self.forms: dict[str, Form] = {}
        self.types: dict[str, TensorType] = {**graph.inputs}

    def run(self) -> Forms:
        for number, (name, kind) in enumerate(self.graph.inputs.items()):
            self._input(name, kind, number)
        for node in self.graph.nodes:
            self.types[node.name] = node.type
            self._read(node)
        return Forms(self.views, self.forms)

    def _read(self, node: Node) -> None:
        op = node.op
        if isinstance(op, ops.Transpose):
            self.views[node.name] = self._turned(node.inputs[0], op.axes)
        elif isinstance(op, RESHAPES):
            self._reshaped(node)
        elif isinstance(op, OF_TWO):
            self._of_two(node)
        elif type(op) in AXES and self._follows(node):
            self._along(node)
        elif isinstance(op, LAST):
            self._last(node)
        else:
            views = (self.views[name] for name in node.inputs)
            self._root(node, _same_function(node, self.types), views)

    def _input(self, name: str, kind: TensorType, number: int) -> None:
        self.views[name] = View(name, tuple(range(kind.rank)))
        text = f"input {number}"
        self.forms[name] = Form(None, "", text, (), {}, self._signature(text, ()))

    def _root(self, node: Node, op: Op, views: Iterable[View], order: str = "") -> None:
        """A value that is seen as it is made, of what is seen so."""
        self.views[node.name] = View(node.name, tuple(range(node.type.rank)))
        views = tuple(views)
        if not all(view.is_plain for view in views):
            order = f"of axes {[view.axes for view in views]}"
        inputs = tuple(view.root for view in views)
        text = f"{self._text(node, op)} {order}".rstrip()
        signature = self._signature(text, inputs)
        self.forms[node.name] = Form(op, order, text, inputs, node.parameters, signature)

    def _signature(self, text: str, inputs: tuple[str, ...]) -> str:
        whole = repr((text, [self.forms[root].signature for root in inputs]))
        return sha256(whole.encode()).hexdigest()

    def _text(self, node: Node, op: Op) -> str:
        if isinstance(op, ops.Reshape):
            return f"Reshape to {op.shape[1:]}"
        shapes = [self.graph.parameters[name].shape for name in node.parameters.values()]
        return f"{op}" if not shapes else f"{op} with parameters {shapes}"

    def _turned(self, name: str, axes: tuple[int, ...]) -> View:
        view = self.views[name]
        return View(view.root, tuple(view.axes[axis] for axis in axes))

    def _reshaped(self, node: Node) -> None:
        """A chain of reshapes is its last one; one that changes nothing is no op at all. Axes of
        size 1 may lie anywhere."""
        view, kind = self.views[node.inputs[0]], self.types[node.inputs[0]]
        if kind.shape == node.type.shape:
            self.views[node.name] = view
            return
        moving = [axis for axis, size in zip(view.axes, kind.shape, strict=True) if size != 1]
        if moving == sorted(moving):
            view = View(view.root, tuple(range(len(view.axes))))
        form = self.forms[view.root]
        if view.is_plain and isinstance(form.op, ops.Reshape) and not form.order:
            view = View(form.inputs[0], tuple(range(self._rank(form.inputs[0]))))
        self._root(node, ops.Reshape(node.type.shape), (view,))

    def _rank(self, root: str) -> int:
        return self.types[root].rank

    def _of_two(self, node: Node) -> None:
        """Seen in the order of the first operand, or of either one where they may change places."""
        op = node.op
        views = [self.views[name] for name in node.inputs]
        ranks = {len(view.axes) for view in views}
        if isinstance(op, COMMUTATIVE):
            views.sort(
                key=lambda view: (-len(view.axes), self.forms[view.root].signature, view.axes)
            )
        if len(ranks) > 1:
            self._root(node, op, views)
            return
        lead = views[0]
        turned = [View(view.root, _relative(view.axes, lead.axes)) for view in views]
        self._root(node, op, turned)
        self.views[node.name] = View(node.name, lead.axes)

    def _last(self, node: Node) -> None:
        """An op of the last axes as they are seen: it works in any order."""
        view = self.views[node.inputs[0]]
        shape = getattr(node.op, "normalized_shape", (0,))
        axes = view.axes[len(view.axes) - len(shape) :]
        last = tuple(range(len(view.axes)))[len(view.axes) - len(shape) :]
        plain = View(view.root, tuple(range(len(view.axes))))
        self._root(node, node.op, (plain,), "" if axes == last else f"along axes {axes}")
        self.views[node.name] = View(node.name, view.axes)

    def _follows(self, node: Node) -> bool:
        """Whether the inputs are all seen in one order."""
        return len({self.views[name].axes for name in node.inputs}) == 1

    def _along(self, node: Node) -> None:
        """An op whose axes are named by the root's."""
        views = [self.views[name] for name in node.inputs]
        axes = views[0].axes
        op, gone = AXES[type(node.op)](node.op, axes)
        plain = [View(view.root, tuple(range(len(axes)))) for view in views]
        self._root(node, op, plain)
        left = [axis for axis in axes if axis not in gone]
        self.views[node.name] = View(node.name, tuple(sorted(left).index(axis) for axis in left))


def _relative(axes: tuple[int, ...], lead: tuple[int, ...]) -> tuple[int, ...]:
    """How an operand is seen where the other one is seen as it is made."""
    return tuple(axes[lead.index(axis)] for axis in range(len(lead)))


# Ops by axes --------------------------------------------------------------------------------------

Named = Callable[[Any, tuple[int, ...]], tuple[Op, tuple[int, ...]]]
"""Takes an op and the axes of its input's root; answers with the op that names its own axes by
those, and the root's axes that go away."""


def _unchanged(op: Op, axes: tuple[int, ...]) -> tuple[Op, tuple[int, ...]]:
    return op, ()


def _one(op: Any, axes: tuple[int, ...]) -> tuple[Op, tuple[int, ...]]:
    return replace(op, axis=axes[normalize_axis(op.axis, len(axes))]), ()


def _several(op: Any, axes: tuple[int, ...]) -> tuple[Op, tuple[int, ...]]:
    return replace(op, axes=tuple(axes[normalize_axis(a, len(axes))] for a in op.axes)), ()


def _reduced(op: Any, axes: tuple[int, ...]) -> tuple[Op, tuple[int, ...]]:
    named = tuple(sorted(axes[normalize_axis(a, len(axes))] for a in op.axes))
    return replace(op, axes=named), () if op.keepdims else named


def _selected(op: ops.Select, axes: tuple[int, ...]) -> tuple[Op, tuple[int, ...]]:
    gone = axes[normalize_axis(op.axis, len(axes))]
    return replace(op, axis=gone), (gone,)


def _padded(op: ops.Pad, axes: tuple[int, ...]) -> tuple[Op, tuple[int, ...]]:
    return replace(op, padding=tuple(op.padding[axes.index(a)] for a in range(len(axes)))), ()


def _pooled(op: ops.GlobalAvgPool | ops.GlobalMaxPool, axes: tuple[int, ...]) -> tuple[Op, Any]:
    make = ops.Mean if isinstance(op, ops.GlobalAvgPool) else ops.Max
    return _reduced(make(tuple(range(2, len(axes))), op.keepdims), axes)


def _dropped(op: ops.Dropout, axes: tuple[int, ...]) -> tuple[Op, tuple[int, ...]]:
    return replace(op, shared=tuple(sorted(axes[axis] for axis in op.shared))), ()


AXES: dict[type[Op], Named] = {
    **dict.fromkeys(ALIKE, _unchanged),
    **dict.fromkeys(REDUCTIONS, _reduced),
    **dict.fromkeys((ops.Softmax, ops.LogSoftmax, ops.CumSum, ops.Concat, ops.Slice), _one),
    ops.RepeatInterleave: _one,
    ops.Flip: _several,
    ops.Select: _selected,
    ops.Pad: _padded,
    ops.GlobalAvgPool: _pooled,
    ops.GlobalMaxPool: _pooled,
    ops.Dropout: _dropped,
}
"""Op to how it names its axes."""


# Ops that are the same function -------------------------------------------------------------------


def _same_function(node: Node, types: Mapping[str, TensorType]) -> Op:
    """One op for all that compute the same at the sizes that the node is given."""
    op = node.op
    if isinstance(op, ops.MaxPool):
        return _max_pool(op, types[node.inputs[0]].shape[2:])
    if isinstance(op, ops.AvgPool):
        return _avg_pool(op, types[node.inputs[0]].shape[2:])
    if isinstance(op, ops.Resize) and op.scale is not None:
        return _resize(op, types[node.inputs[0]].shape[2:], node.type.shape[2:])
    return op


def _max_pool(op: ops.MaxPool, sizes: Shape) -> Op:
    """A last window that hangs over the end reads as much padding."""
    if not op.ceil_mode:
        return op
    padding = []
    for size, (before, after), kernel, stride, rate in zip(
        sizes, op.padding, op.kernel_size, op.stride, op.dilation, strict=True
    ):
        if isinstance(size, str):
            return op
        count = count_windows(size, kernel, stride, (before, after), rate, True)
        assert isinstance(count, int)
        end = (count - 1) * stride + rate * (kernel - 1) + 1
        padding.append((before, max(after, end - size - before)))
    return replace(op, ceil_mode=False, padding=tuple(padding))


def _avg_pool(op: ops.AvgPool, sizes: Shape) -> Op:
    """Rounding up is nothing where no window hangs over; whether padding counts, where is none."""
    windows = [*zip(sizes, op.kernel_size, op.stride, op.padding, strict=True)]
    if all(count_windows(*w) == count_windows(*w, 1, op.ceil_mode) for w in windows):
        op = replace(op, ceil_mode=False)
    if not op.ceil_mode and not any(sum(op.padding, ())):
        op = replace(op, count_include_pad=True)
    return op


def _resize(op: ops.Resize, old: Shape, new: Shape) -> Op:
    """A factor that is the ratio of the sizes says no more than they do."""
    sizes = [n for n in new if isinstance(n, int)]
    ratios = [n / o for n, o in zip(sizes, old, strict=False) if isinstance(o, int)]
    if op.scale is None or len(ratios) < len(new) or op.scale != tuple(ratios):
        return op
    return replace(op, size=tuple(sizes), scale=None)
