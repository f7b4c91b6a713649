"""Known causes of differences, planted in graphs: one thing at a time is made otherwise.

A plant bears the id of the catalogue's entry that should name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from isograd.ir import ops
from isograd.ir.forms import VIEWS
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op, ShapeError
from isograd.ir.same_function import same_function

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Planted:
    """A graph with a change of one kind, and the names of the nodes that were changed, there or in
    the graph that it was made from."""

    id: str
    graph: Graph
    places: frozenset[str]


# Attributes -------------------------------------------------------------------------------------


def _lopsided(padding: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """One place less in front, as SAME has it where the stride is 2 and the size is even."""
    return tuple((before - 1, after) if before else (0, after) for before, after in padding)


def _wider(padding: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    return tuple((before + 1, after + 1) for before, after in padding)


def _flipped(flag: bool) -> bool:
    return not flag


ATTRIBUTES: tuple[tuple[str, tuple[type[Op], ...], str, Change], ...] = (
    ("bn-eps", (ops.BatchNorm,), "eps", lambda _: 1e-3),
    ("bn-momentum", (ops.BatchNorm,), "momentum", lambda _: 0.01),
    ("bn-running-variance", (ops.BatchNorm,), "unbiased", _flipped),
    ("norm-eps", (ops.LayerNorm, ops.GroupNorm, ops.RMSNorm), "eps", lambda _: 1e-3),
    ("norm-affine", (ops.LayerNorm, ops.GroupNorm, ops.BatchNorm), "affine", _flipped),
    ("norm-groups", (ops.GroupNorm,), "groups", lambda groups: groups * 2),
    ("same-padding", (ops.Conv,), "padding", _lopsided),
    ("padding", (ops.Conv,), "padding", _wider),
    ("stride", (ops.Conv,), "stride", lambda s: tuple(3 - n for n in s)),
    ("dilation", (ops.Conv,), "dilation", lambda d: tuple(3 - n for n in d)),
    ("groups", (ops.Conv,), "groups", lambda groups: 3 - groups),
    ("pool-padding", (ops.AvgPool,), "count_include_pad", _flipped),
    ("pool-ceil-mode", (ops.MaxPool, ops.AvgPool), "ceil_mode", _flipped),
    ("bias", (ops.Linear, ops.Conv, ops.LayerNorm), "bias", _flipped),
    (
        "rnn-double-bias",
        (ops.LSTM,),
        "bias",
        lambda bias: {"double": "single", "single": "double"}[bias],
    ),
    ("rnn-direction", (ops.LSTM, ops.GRU), "reverse", _flipped),
    ("gate-order", (ops.Slice,), "start", lambda _: 0),
    ("gelu-form", (ops.GELU,), "approximate", lambda f: "tanh" if f == "none" else "none"),
    ("leaky-slope", (ops.LeakyReLU,), "negative_slope", lambda _: 0.3),
    ("softmax-axis", (ops.Softmax, ops.LogSoftmax), "axis", lambda _: 1),
    ("dropout-rate", (ops.Dropout,), "p", lambda p: 0.75 if p == 0.5 else 0.5),
    ("dropout-shared", (ops.Dropout,), "shared", lambda _: (1,)),
    ("attention-scale", (ops.Attention,), "scale", lambda _: 1.0),
    ("causal-mask", (ops.Attention,), "causal", _flipped),
    ("factor", (ops.MultiplyScalar,), "value", lambda _: 1.0 / 6),
    ("embedding-padding", (ops.Embedding,), "padding_idx", lambda i: 0 if i is None else None),
    ("resize-alignment", (ops.Resize,), "align_corners", _flipped),
    ("resize-mode", (ops.Resize,), "mode", lambda _: "nearest"),
    ("pool-window", (ops.MaxPool,), "kernel_size", lambda k: tuple(n + 2 for n in k)),
    ("time-step", (ops.Select,), "index", lambda _: 0),
    ("mask-value", (ops.Full,), "value", lambda _: -1.0),
)
"""Entry, ops, an attribute, and what becomes of it."""

REPLACED: tuple[tuple[str, type[Op], Op], ...] = (
    ("activation", ops.ReLU, ops.SiLU()),
    ("activation", ops.Tanh, ops.Sigmoid()),
    ("activation", ops.GELU, ops.ReLU()),
    ("activation", ops.ELU, ops.LeakyReLU()),
    ("pool-kind", ops.MaxPool, ops.avg_pool2d(3, 1, 1, count_include_pad=False)),
    ("pool-kind", ops.GlobalAvgPool, ops.GlobalMaxPool()),
    ("pool-kind", ops.Mean, ops.Max((1,))),
    ("arithmetic", ops.Add, ops.Multiply()),
    ("arithmetic", ops.Subtract, ops.Add()),
    ("norm-kind", ops.RMSNorm, ops.LayerNorm((8,))),
    ("norm-kind", ops.GroupNorm, ops.BatchNorm()),
)
"""Entry, an op, and what stands in its place."""

REMOVED: tuple[tuple[str, tuple[type[Op], ...]], ...] = (
    ("activation-missing", (ops.ReLU, ops.Tanh, ops.GELU, ops.SiLU, ops.ELU)),
    ("dropout-missing", (ops.Dropout,)),
    ("norm-missing", (ops.BatchNorm, ops.LayerNorm, ops.GroupNorm, ops.RMSNorm)),
    ("mask-sign", (ops.LogicalNot,)),
    ("factor-missing", (ops.MultiplyScalar,)),
    ("layer-missing", (ops.Linear, ops.MaxPool)),
)
"""Entry, and ops whose input takes their place."""

SWAPPED: tuple[tuple[str, tuple[type[Op], ...]], ...] = (
    ("operand-order", (ops.Subtract, ops.Divide)),
    ("concat-order", (ops.Concat,)),
    ("masked-choice", (ops.Where,)),
)
"""Entry, and ops whose last two operands change places."""

ENDS: tuple[tuple[str, Op], ...] = (
    ("double-softmax", ops.Softmax()),
    ("log-softmax-twice", ops.LogSoftmax()),
)
"""Entry, and what stands behind the output."""


def plants_in(graph: Graph, loss: str) -> Iterator[Planted]:
    """Every plant that the graph has a place for."""
    for make in (_attributes, _replaced, _removed, _swapped, _rewritten, _retied):
        yield from make(graph)
    if loss == "cross_entropy":
        for name, op in ENDS:
            last = replace(graph.nodes[-1], name="end", op=op, inputs=graph.outputs, parameters={})
            nodes = (*graph.nodes, replace(last, scope="end"))
            yield from _finished(name, graph, nodes, {"end"}, ("end",))


def _attributes(graph: Graph) -> Iterator[Planted]:
    for node in graph.nodes:
        for name, kinds, attribute, change in ATTRIBUTES:
            if not isinstance(node.op, kinds):
                continue
            try:
                op = replace(node.op, **_changes(node.op, attribute, change))
            except (ValueError, KeyError):
                continue
            if not _is_same(graph, node, op):
                yield from _exchanged(name, graph, node, [replace(node, op=op)])


def _is_same(graph: Graph, node: Node, op: Op) -> bool:
    """Whether the op computes the same at the sizes that it is given."""
    if isinstance(op, ops.Conv) and max(op.kernel_size) == 1:
        op = replace(op, dilation=node.op.attributes()["dilation"])
    if op == node.op:
        return True
    types = {name: graph.type_of(name) for name in node.inputs}
    try:
        other = replace(node, op=op, type=op.infer(*types.values()))
    except ShapeError:
        return True
    return same_function(other, types) == same_function(node, types)


def _changes(op: Op, attribute: str, change: Change) -> dict[str, Any]:
    """A slice has two ends."""
    new = change(getattr(op, attribute))
    if isinstance(op, ops.Slice):
        assert isinstance(op.stop, int)
        assert isinstance(op.start, int)
        return {"start": new, "stop": new + op.stop - op.start}
    return {attribute: new}


def _replaced(graph: Graph) -> Iterator[Planted]:
    for node in graph.nodes:
        for name, kind, op in REPLACED:
            if type(node.op) is kind:
                yield from _exchanged(name, graph, node, [replace(node, op=op)])
        if isinstance(node.op, ops.HardSigmoid):
            yield from _exchanged("hard-sigmoid-form", graph, node, _keras_2_hard_sigmoid(node))
        if isinstance(node.op, ops.GRU):
            op = replace(node.op, reset_after=False, bias="single")
            yield from _exchanged("gru-reset-after", graph, node, [replace(node, op=op)])


def _keras_2_hard_sigmoid(node: Node) -> list[Node]:
    """``clip(0.2 x + 0.5, 0, 1)``."""
    scaled = replace(node, name="scaled", op=ops.MultiplyScalar(0.2))
    moved = replace(node, name="moved", op=ops.AddScalar(0.5), inputs=("scaled",))
    return [scaled, moved, replace(node, op=ops.Clip(0.0, 1.0), inputs=("moved",))]


def _removed(graph: Graph) -> Iterator[Planted]:
    """Not behind what only moves elements: how that is read depends on what comes behind."""
    moved = {node.name for node in graph.nodes if isinstance(node.op, VIEWS)}
    for node in graph.nodes:
        for name, kinds in REMOVED:
            if isinstance(node.op, kinds) and not moved & {*node.inputs}:
                yield from _exchanged(name, graph, node, [])


def _swapped(graph: Graph) -> Iterator[Planted]:
    for node in graph.nodes:
        for name, kinds in SWAPPED:
            if isinstance(node.op, kinds):
                other = replace(node, inputs=(*node.inputs[:-2], *node.inputs[-2:][::-1]))
                yield from _exchanged(name, graph, node, [other])


def _rewritten(graph: Graph) -> Iterator[Planted]:
    for node in graph.nodes:
        types = [graph.type_of(name) for name in node.inputs]
        shape = types[0].shape if types else ()
        if isinstance(node.op, ops.Flatten) and len(shape) == 4:
            last = replace(node, name="turned", op=ops.Transpose((0, 2, 3, 1)))
            yield from _exchanged(
                "flatten-order", graph, node, [last, replace(node, inputs=("turned",))]
            )
        if isinstance(node.op, ops.Linear) and shape[-1] == node.op.out_features:
            shared = sum(
                n.parameters.get("weight") == node.parameters["weight"] for n in graph.nodes
            )
            if shared == 1:
                yield from _exchanged("transposed-weight", graph, node, list(_transposed(node)))
        if isinstance(node.op, ops.LayerNorm) and len(shape) == 3 and shape[1] != shape[2]:
            yield from _exchanged("norm-axes", graph, node, [_over(node, shape[1:])])


def _over(node: Node, sizes: Sequence[Any]) -> Node:
    """Normalized over more axes than one."""
    assert isinstance(node.op, ops.LayerNorm)
    return replace(node, op=replace(node.op, normalized_shape=tuple(sizes)))


def _transposed(node: Node) -> Iterator[Node]:
    """``x @ weight`` in the place of ``x @ weight.T``."""
    assert isinstance(node.op, ops.Linear)
    size = node.op.out_features
    for role, shape in (("weight", (size, size)), ("bias", (size,))):
        if role in node.parameters:
            owner = {"value": node.parameters[role]}
            scope = node.parameters[role]
            yield replace(
                node, name=role, op=ops.Parameter(shape), inputs=(), parameters=owner, scope=scope
            )
    product = replace(node, op=ops.MatMul(), inputs=(*node.inputs, "weight"), parameters={})
    if "bias" not in node.parameters:
        yield product
        return
    yield replace(product, name="product")
    yield replace(node, op=ops.Add(), inputs=("product", "bias"), parameters={})


def _retied(graph: Graph) -> Iterator[Planted]:
    uses: dict[str, list[Node]] = {}
    for node in graph.nodes:
        if "weight" in node.parameters and type(node.op) in (ops.Linear, ops.Embedding):
            uses.setdefault(node.parameters["weight"], []).append(node)
    for owner, users in uses.items():
        if len(users) > 1:
            yield from _reowned("weights-untied", graph, users[-1], f"{users[-1].scope}.weight")
            continue
        (node,) = users
        for other, (first, *_) in uses.items():
            if other == owner or type(first.op) is not type(node.op):
                continue
            alike = graph.parameters[other] == graph.parameters[owner]
            if alike and first.name < node.name and first.op == node.op:
                yield from _merged(graph, first, node)
                return


def _merged(graph: Graph, first: Node, second: Node) -> Iterator[Planted]:
    """Two layers that are one."""
    other = replace(second, parameters=first.parameters, scope=first.scope)
    nodes = [other if node is second else node for node in graph.nodes]
    yield from _finished("weights-tied", graph, nodes, {first.name, second.name})


def _reowned(name: str, graph: Graph, node: Node, owner: str) -> Iterator[Planted]:
    other = replace(node, parameters={**node.parameters, "weight": owner})
    places = {n.name for n in graph.nodes if owner in n.parameters.values()}
    users = {n.name for n in graph.nodes if node.parameters["weight"] in n.parameters.values()}
    nodes = [other if n is node else n for n in graph.nodes]
    yield from _finished(name, graph, nodes, {node.name} | places | users)


# Graphs -----------------------------------------------------------------------------------------


def _exchanged(name: str, graph: Graph, node: Node, new: Sequence[Node]) -> Iterator[Planted]:
    """``new`` nodes in the place of one; none: its input takes its place."""
    nodes = [n for one in graph.nodes for n in (new if one is node else [one])]
    outputs = graph.outputs
    if not new:
        (source,) = node.inputs
        nodes = [replace(n, inputs=_renamed(n.inputs, node.name, source)) for n in nodes]
        outputs = _renamed(graph.outputs, node.name, source)
    yield from _finished(name, graph, nodes, {node.name, *(one.name for one in new)}, outputs)


def _renamed(names: Iterable[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def _finished(
    name: str,
    graph: Graph,
    nodes: Sequence[Node],
    places: set[str],
    outputs: tuple[str, ...] | None = None,
) -> Iterator[Planted]:
    """The graph with these nodes, if its sizes still fit and its outputs keep their shapes."""
    try:
        found = remade(graph, nodes, outputs or graph.outputs)
    except (ShapeError, ValueError):
        return
    yield Planted(name, found, frozenset(places))


def remade(graph: Graph, nodes: Sequence[Node], outputs: tuple[str, ...]) -> Graph:
    """A graph of these nodes, with all types and parameters as they then are. Raises `ShapeError`.

    Parameters that are still used keep their place and their first weights' distribution; layers
    that are in both graphs keep their sizes.
    """
    types = dict(graph.inputs)
    specs = {}
    made = []
    for node in nodes:
        inputs = [types[name] for name in node.inputs]
        types[node.name] = kind = node.op.infer(*inputs)
        wanted = node.op.parameters(*inputs)
        owners = {role: node.parameters.get(role, f"{node.scope}.{role}") for role in wanted}
        for role, spec in wanted.items():
            known = specs.setdefault(owners[role], graph.parameters.get(owners[role], spec))
            if known.shape != spec.shape:
                specs[owners[role]] = spec
        made.append(replace(node, parameters=owners, type=kind))
    for node in made:
        inputs = [types[name] for name in node.inputs]
        for role, spec in node.op.parameters(*inputs).items():
            if specs[node.parameters[role]].shape != spec.shape:
                raise ShapeError(f"{node.parameters[role]!r} has two shapes")
    before = {node.name: node.op for node in graph.nodes}
    for node in made:
        own = {name: graph.parameters.get(name) for name in node.parameters.values()}
        if before.get(node.name) == node.op and any(
            known and known.shape != specs[name].shape for name, known in own.items()
        ):
            raise ShapeError(f"{node.name!r} would be of another size")
    if [types[name] for name in outputs] != [graph.type_of(name) for name in graph.outputs]:
        raise ShapeError("another output")
    return replace(graph, nodes=tuple(made), parameters=specs, outputs=outputs)
