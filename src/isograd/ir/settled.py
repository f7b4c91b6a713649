"""A graph in which some open sizes are numbers: what is trained on texts of one length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from isograd.ir.forms import SIZED
from isograd.ir.graph import Graph
from isograd.ir.ops.base import Op, TensorType
from isograd.ir.sizes import settled


def with_sizes(graph: Graph, values: Mapping[str, int]) -> Graph:
    """``graph`` with a number for each symbol in ``values``. Names, parameters and other symbols
    stay; types are inferred anew."""
    inputs = {name: _type(kind, values) for name, kind in graph.inputs.items()}
    types = dict(inputs)
    nodes = []
    for node in graph.nodes:
        op = _op(node.op, values)
        types[node.name] = op.infer(*(types[name] for name in node.inputs))
        nodes.append(replace(node, op=op, type=types[node.name]))
    return replace(graph, inputs=inputs, nodes=tuple(nodes))


def _type(kind: TensorType, values: Mapping[str, int]) -> TensorType:
    return kind.with_shape(tuple(settled(size, values) for size in kind.shape))


def _op(op: Op, values: Mapping[str, int]) -> Op:
    if not isinstance(op, SIZED):
        return op
    given = {each.name: getattr(op, each.name) for each in fields(op)}
    return replace(op, **{name: _settled(value, values) for name, value in given.items()})


def _settled(value: Any, values: Mapping[str, int]) -> Any:
    if isinstance(value, tuple):
        return tuple(_settled(item, values) for item in value)
    return settled(value, values) if isinstance(value, str) else value
