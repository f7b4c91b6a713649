"""A graph from which channels were taken: new sizes in its ops, types and parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isograd.compress.flow import Axes, Flow
from isograd.compress.units import Labels
from isograd.ir import ops
from isograd.ir.graph import Graph, Node, Weights
from isograd.ir.ops import Op
from isograd.ir.ops.base import Dim, Shape, normalize_axis

Keep = Callable[[Labels], NDArray[np.bool_]]
"""For each index along an axis, whether it stays."""


def rewrite(graph: Graph, flow: Flow, keep: Keep) -> Graph:
    """``graph`` without what is not kept. Names, scopes and sources stay; types are inferred anew,
    so that a graph whose sizes do not fit raises `ShapeError`."""
    types = dict(graph.inputs)
    nodes = []
    for node in graph.nodes:
        op = _smaller(node, flow, keep)
        types[node.name] = op.infer(*(types[name] for name in node.inputs))
        nodes.append(replace(node, op=op, type=types[node.name]))
    parameters = {
        name: replace(spec, shape=tuple(map(len, indices(flow.parameters[name], keep))))
        for name, spec in graph.parameters.items()
    }
    result = replace(graph, nodes=tuple(nodes), parameters=parameters)
    _check(result)
    return result


def sliced(weights: Weights, flow: Flow, keep: Keep) -> Weights:
    """The weights that are left."""
    return {
        name: np.ascontiguousarray(array[np.ix_(*indices(flow.parameters[name], keep))])
        if array.ndim
        else array
        for name, array in weights.items()
    }


def indices(axes: list[Labels | None], keep: Keep) -> list[NDArray[np.int64]]:
    """What is left along each axis of a parameter."""
    return [np.flatnonzero(keep(labels)) for labels in axes if labels is not None]


def _check(graph: Graph) -> None:
    """That every parameter has the shape that its op asks for: a slip here would be another
    network, not a smaller one."""
    for node in graph.nodes:
        specs = node.op.parameters(*(graph.type_of(name) for name in node.inputs))
        for role, spec in specs.items():
            found = graph.parameters[node.parameters[role]].shape
            if found != spec.shape:
                raise AssertionError(f"{node.parameters[role]} is {found}, not {spec.shape}")


def _smaller(node: Node, flow: Flow, keep: Keep) -> Op:
    write = _WRITERS.get(type(node.op))
    if write is None:
        return node.op
    axes = flow.values[node.name]
    before = flow.values[node.inputs[0]] if node.inputs else ()
    return write(node.op, before, _shape(node, axes, keep), keep)


def _shape(node: Node, axes: Axes, keep: Keep) -> Shape:
    return tuple(
        size if labels is None else int(keep(labels).sum())
        for size, labels in zip(node.type.shape, axes, strict=True)
    )


def _channels(op: ops.Conv | ops.ConvTranspose, before: Axes, shape: Shape, keep: Keep) -> Op:
    return replace(op, out_channels=int(shape[1]), groups=_groups(op, before, keep))


def _groups(op: ops.Conv | ops.ConvTranspose | ops.GroupNorm, before: Axes, keep: Keep) -> int:
    """Depthwise layers have as many groups as channels; all others as many as before."""
    labels = before[1]
    if labels is not None and op.groups == len(labels):
        return int(keep(labels).sum())
    return op.groups


def _group_norm(op: ops.GroupNorm, before: Axes, shape: Shape, keep: Keep) -> Op:
    return replace(op, groups=_groups(op, before, keep))


def _prelu(op: ops.PReLU, before: Axes, shape: Shape, keep: Keep) -> Op:
    return replace(op, num_parameters=int(shape[1])) if op.num_parameters > 1 else op


def _reshape(op: ops.Reshape, before: Axes, shape: Shape, keep: Keep) -> Op:
    def size(old: Dim, new: Dim) -> Dim:
        return new if isinstance(old, int) and old != -1 else old

    return replace(op, shape=tuple(map(size, op.shape, shape)))


def _slice(op: ops.Slice, before: Axes, shape: Shape, keep: Keep) -> Op:
    labels = before[normalize_axis(op.axis, len(before))]
    if labels is None or keep(labels).all():
        return op
    kept = keep(labels)
    start, stop, _ = slice(op.start, op.stop).indices(len(labels))
    end = None if op.stop is None else int(kept[:stop].sum())
    return replace(op, start=int(kept[:start].sum()), stop=end)


_WRITERS: dict[type[Op], Callable[[Any, Axes, Shape, Keep], Op]] = {
    ops.Conv: _channels,
    ops.ConvTranspose: _channels,
    ops.GroupNorm: _group_norm,
    ops.PReLU: _prelu,
    ops.Linear: lambda op, before, shape, keep: replace(op, out_features=shape[-1]),
    ops.Embedding: lambda op, before, shape, keep: replace(op, embedding_dim=shape[-1]),
    ops.Parameter: lambda op, before, shape, keep: replace(op, shape=shape),
    ops.Buffer: lambda op, before, shape, keep: replace(op, shape=shape),
    ops.Reshape: _reshape,
    ops.BroadcastTo: lambda op, before, shape, keep: replace(op, shape=shape),
    ops.Slice: _slice,
}
"""Op to how it is written for fewer channels; all others say nothing about their sizes."""
