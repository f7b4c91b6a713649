"""What each node's forward pass costs: floating-point operations, and bytes moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.ops.base import Shape, TensorType
from isograd.ir.sizes import evaluate
from isograd.views.flops import Sized, Sizes, others, products

BYTES = {"float": 4, "int": 8, "bool": 1}
"""Bytes of one element in a network that runs in float32."""

DESCRIBED = (
    ops.Reshape, ops.Flatten, ops.ExpandDims, ops.Squeeze, ops.Parameter, ops.Buffer, ops.Scalar,
    ops.CellState, ops.HiddenState,
)  # fmt: skip
"""Ops that move nothing: their value is another's, or stored, under another description."""

CHOSEN = (ops.Embedding, ops.Take, ops.TakeAlongAxis, ops.Slice, ops.Select)
"""Ops that read of their first input, or of their table, only as much as they write."""


@dataclass(frozen=True)
class Cost:
    """One forward pass in training mode. ``products`` are the floating-point operations of matrix
    products and convolutions, ``flops`` all of them (see `isograd.views.flops`); None where they
    are not known. ``bytes`` are what is read and written if each value is moved once, parameters
    included, in float32: the least that an op by itself can do with.
    """

    products: int | None
    flops: int | None
    bytes: int


def costs(graph: Graph, batch: int) -> dict[str, Cost]:
    """The cost of each node for this batch size; other sizes that are open are as in
    `isograd.ir.graph.Graph.sizes`."""
    sizes = graph.sizes(batch)
    types = {**graph.inputs, **{node.name: node.type for node in graph.nodes}}
    return {node.name: _cost(graph, node, types, sizes) for node in graph.nodes}


def _cost(
    graph: Graph, node: Node, types: Mapping[str, TensorType], values: Mapping[str, int]
) -> Cost:
    read = [types[name] for name in node.inputs]
    sized = Sized(
        node.op,
        tuple(_sizes(kind.shape, values) for kind in read),
        _sizes(node.type.shape, values),
        {role: graph.parameters[name].shape for role, name in node.parameters.items()},
        tuple(kind.dtype for kind in read),
    )
    main, rest = products(sized), others(sized)
    flops = None if main is None or rest is None else main + rest
    return Cost(main, flops, _bytes(sized, node.type))


def _bytes(node: Sized, made: TensorType) -> int:
    if isinstance(node.op, DESCRIBED):
        return 0
    written = node.made * BYTES[made.dtype]
    read = [prod(shape) * BYTES[kind] for shape, kind in zip(node.inputs, node.kinds, strict=True)]
    if isinstance(node.op, ops.Embedding):
        return read[0] + 2 * written
    if isinstance(node.op, CHOSEN):
        return sum(read[1:]) + 2 * written
    held = sum(prod(shape) for shape in node.parameters.values()) * BYTES["float"]
    return sum(read) + written + held


def _sizes(shape: Shape, values: Mapping[str, int]) -> Sizes:
    return tuple(evaluate(size, values) for size in shape)
