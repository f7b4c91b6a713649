"""Small mistakes, planted in a graph one at a time: what ports of networks really get wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op, ShapeError


def _shifted(padding: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """One place less behind, one more in front."""
    return tuple((before + 1, after - 1) if after else (before, 0) for before, after in padding)


def _other_axis(axis: int) -> int:
    return 1 if axis == -1 else -1


def _negated(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-number for number in numbers)


Change = Callable[[Any], Any]

ATTRIBUTES: tuple[tuple[tuple[type[Op], ...], str, Change], ...] = (
    ((ops.BatchNorm, ops.LayerNorm, ops.GroupNorm, ops.RMSNorm), "eps", lambda eps: eps + 0.1),
    ((ops.BatchNorm,), "momentum", lambda momentum: 1 - momentum),
    ((ops.BatchNorm,), "unbiased", lambda flag: not flag),
    ((ops.LeakyReLU,), "negative_slope", lambda slope: slope + 0.1),
    ((ops.ELU, ops.CELU), "alpha", lambda alpha: alpha + 0.3),
    ((ops.GELU,), "approximate", lambda form: "tanh" if form == "none" else "none"),
    ((ops.Softplus,), "beta", lambda beta: beta + 1),
    ((ops.Softmax, ops.LogSoftmax, ops.CumSum, ops.ArgMax), "axis", _other_axis),
    ((ops.Conv, ops.ConvTranspose, ops.MaxPool, ops.AvgPool), "padding", _shifted),
    ((ops.AvgPool,), "count_include_pad", lambda flag: not flag),
    ((ops.Resize,), "align_corners", lambda flag: not flag),
    ((ops.Attention,), "causal", lambda flag: not flag),
    ((ops.Roll,), "shifts", _negated),
    ((ops.LSTM, ops.GRU, ops.RNN), "reverse", lambda flag: not flag),
)
"""Ops, an attribute, and what becomes of it."""

SWAPPED = (ops.Subtract, ops.Divide, ops.Power, ops.Atan2, ops.Remainder, ops.MatMul, ops.Concat)
"""Their operands change places."""


def changes(graph: Graph) -> Iterator[tuple[str, Graph]]:
    """Each change that leaves all types as they are, with its name; layers that are shared stay."""
    uses = Counter(name for node in graph.nodes for name in node.parameters.values())
    for index, node in enumerate(graph.nodes):
        if any(uses[name] > 1 for name in node.parameters.values()):
            continue
        for name, nodes in _changed(graph, node):
            around = (*graph.nodes[:index], *nodes, *graph.nodes[index + 1 :])
            yield f"{name} of {node.name}", replace(graph, nodes=around)


def _changed(graph: Graph, node: Node) -> Iterator[tuple[str, tuple[Node, ...]]]:
    types = [graph.type_of(name) for name in node.inputs]
    for kinds, attribute, change in ATTRIBUTES:
        if isinstance(node.op, kinds):
            op = _with(node.op, attribute, change)
            if op not in (None, node.op) and _makes(op, types, node):
                yield attribute, (replace(node, op=op),)
    swapped = tuple(reversed(node.inputs))
    moves = isinstance(node.op, SWAPPED) and swapped != node.inputs
    if moves and _makes(node.op, types[::-1], node):
        yield "operands", (replace(node, inputs=swapped),)
    square = isinstance(node.op, ops.Linear) and types[0].shape[-1:] == node.type.shape[-1:]
    if square and node.type.rank > 1:
        yield "weight", tuple(_transposed(graph, node))


def _with(op: Op, attribute: str, change: Change) -> Op | None:
    try:
        return replace(op, **{attribute: change(getattr(op, attribute))})
    except (ValueError, ShapeError):
        return None


def _makes(op: Op, types: list[ops.TensorType], node: Node) -> bool:
    try:
        return op.infer(*types) == node.type
    except ShapeError:
        return False


def _transposed(graph: Graph, node: Node) -> Iterator[Node]:
    """``x @ weight + bias`` in the place of ``x @ weight.T + bias``."""

    def source(role: str) -> Node:
        owner = node.parameters[role]
        op = ops.Parameter(graph.parameters[owner].shape)
        return Node(f"{node.name}_{role}", op, (), {"value": owner}, owner, None, op.infer())

    weight, product = source("weight"), f"{node.name}_product"
    yield weight
    inputs = (*node.inputs, weight.name)
    if "bias" not in node.parameters:
        yield replace(node, op=ops.MatMul(), inputs=inputs, parameters={})
        return
    bias = source("bias")
    yield replace(node, name=product, op=ops.MatMul(), inputs=inputs, parameters={})
    yield bias
    yield replace(node, op=ops.Add(), inputs=(product, bias.name), parameters={})
