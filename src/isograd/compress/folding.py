"""A network for inference only: what is done in evaluation is done once, on the weights.

Dropout goes away, what depends on no input becomes a stored value, and a batch normalisation
becomes part of the layer in front of it (Jacob et al., CVPR 2018, arXiv 1712.05877, section 3.2,
has it for convolutions). The result computes in evaluation what the network did; it is not to be
trained any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from isograd.compress.constants import CONSTANT, constant
from isograd.ir import ops
from isograd.ir.graph import Graph, Node, Weights
from isograd.ir.mapping import Array
from isograd.ir.ops import Op, ParameterSpec
from isograd.ir.ops.base import Initializer, normalize_axis

_START = Initializer("constant", 0.0)


@dataclass(frozen=True)
class Folded:
    """The network for inference, and how many of its nodes were folded into which: ``norms`` into
    the layer before, ``constants`` into stored values, ``identities`` into nothing."""

    graph: Graph
    weights: Weights
    norms: int = 0
    constants: int = 0
    identities: int = 0


def fold(graph: Graph, weights: Weights) -> Folded:
    """The network in the form for inference, with the fewest ops."""
    plain = without_identities(graph)
    stored, held = with_constants(plain, weights)
    merged, final = with_norms(stored, held)
    return Folded(
        merged,
        final,
        norms=len(stored.nodes) - len(merged.nodes),
        constants=len(plain.nodes) - len(stored.nodes),
        identities=len(graph.nodes) - len(plain.nodes),
    )


# Identities ---------------------------------------------------------------------------------------


def without_identities(graph: Graph) -> Graph:
    """``graph`` without nodes that hand on what they are given, and without those that no output
    depends on. What the network returns keeps its name."""
    handed: dict[str, str] = {}
    nodes: list[Node] = []
    types = dict(graph.inputs)
    for node in graph.needed:
        read = replace(node, inputs=tuple(handed.get(name, name) for name in node.inputs))
        types[node.name] = node.type
        if node.name not in graph.outputs and _is_identity(read, types):
            handed[node.name] = read.inputs[0]
        else:
            nodes.append(read)
    return _used(replace(graph, nodes=tuple(nodes)))


def _is_identity(node: Node, types: dict[str, ops.TensorType]) -> bool:
    op = node.op
    if isinstance(op, ops.Dropout):
        return True
    if len(node.inputs) != 1 or types[node.inputs[0]] != node.type:
        return False
    if isinstance(op, ops.Transpose):
        return op.axes == tuple(range(len(op.axes)))
    if isinstance(op, ops.Pad):
        return all(pair == (0, 0) for pair in op.padding)
    return isinstance(op, ops.Reshape | ops.Flatten | ops.BroadcastTo | ops.Concat | ops.Cast)


# Constants ----------------------------------------------------------------------------------------


def with_constants(graph: Graph, weights: Weights) -> tuple[Graph, Weights]:
    """Values that depend on no input are computed once, in float64, and stored."""
    known: dict[str, Array] = {}
    for node in graph.nodes:
        value = constant(node, known, weights)
        if value is not None:
            known[node.name] = value
    readers = graph.consumers()
    nodes: list[Node] = []
    stored = dict(weights)
    specs = dict(graph.parameters)
    for node in graph.nodes:
        wanted = node.name in graph.outputs or any(
            reader.name not in known for reader in readers[node.name]
        )
        if node.name not in known or (wanted and isinstance(node.op, CONSTANT)):
            nodes.append(node)
        elif wanted:
            buffer, name = _buffer(node, f"{node.name}.value", specs)
            nodes.append(buffer)
            stored[name] = known[node.name]
    result = _used(replace(graph, nodes=tuple(nodes), parameters=specs))
    return result, {name: stored[name] for name in result.parameters}


def _buffer(node: Node, name: str, specs: dict[str, ParameterSpec]) -> tuple[Node, str]:
    while name in specs:
        name += "_"
    shape = tuple(int(size) for size in node.type.shape)
    op = ops.Buffer(shape, node.type.dtype)
    specs[name] = replace(op.parameters()["value"])
    return replace(node, op=op, inputs=(), parameters={"value": name}, scope=node.name), name


# Batch normalisation ------------------------------------------------------------------------------


def with_norms(graph: Graph, weights: Weights) -> tuple[Graph, Weights]:
    """Each `BatchNorm` right behind a layer that nothing else reads, and whose weights nothing else
    uses, is part of that layer: its factor scales the kernels, its shift is the bias."""
    readers = graph.consumers()
    uses = Counter(name for node in graph.nodes for name in node.parameters.values())
    nodes: dict[str, Node] = {}
    held, specs = dict(weights), dict(graph.parameters)
    for node in graph.nodes:
        before = nodes.get(node.inputs[0]) if node.inputs else None
        alone = before is not None and (
            len(readers[before.name]) == 1
            and before.name not in graph.outputs
            and all(uses[name] == 1 for name in before.parameters.values())
        )
        if before is not None and alone and _fits(before, node):
            del nodes[before.name]
            nodes[node.name] = _joined(before, node, held, specs)
        else:
            nodes[node.name] = node
    result = _used(replace(graph, nodes=tuple(nodes.values()), parameters=specs))
    return result, {name: held[name] for name in result.parameters}


_SCALED: dict[type[Op], Callable[[Array, Array, int], Array]] = {
    ops.Conv: lambda weight, factor, groups: _along(weight, factor, 0),
    ops.Linear: lambda weight, factor, groups: _along(weight, factor, 0),
    ops.ConvTranspose: lambda weight, factor, groups: _transposed(weight, factor, groups),
}


def _along(weight: Array, factor: Array, axis: int) -> Array:
    shape = [-1 if i == axis else 1 for i in range(weight.ndim)]
    return np.asarray(weight * factor.reshape(shape))


def _transposed(weight: Array, factor: Array, groups: int) -> Array:
    """Kernels are [in, out / groups, ...]: the inputs of each group have its own factors."""
    inputs = len(weight) // groups
    each = np.repeat(factor.reshape(groups, -1), inputs, axis=0)
    return np.asarray(weight * each.reshape(*each.shape, *[1] * (weight.ndim - 2)))


def _fits(layer: Node, norm: Node) -> bool:
    """Whether the layer's output channels are the axis that is normalised."""
    if not isinstance(norm.op, ops.BatchNorm) or type(layer.op) not in _SCALED:
        return False
    channels = -1 if isinstance(layer.op, ops.Linear) else 1
    return normalize_axis(channels, len(layer.type.shape)) == 1


def _joined(layer: Node, norm: Node, held: Weights, specs: dict[str, ParameterSpec]) -> Node:
    assert isinstance(norm.op, ops.BatchNorm)
    own = {role: held[name].astype(np.float64) for role, name in norm.parameters.items()}
    factor = own.get("weight", np.float64(1.0)) / np.sqrt(own["running_var"] + norm.op.eps)
    name = layer.parameters["weight"]
    bias = layer.parameters.get("bias") or f"{layer.scope}.bias"
    before = held.get(bias, np.zeros_like(own["running_mean"]))
    groups = getattr(layer.op, "groups", 1)
    held[name] = _SCALED[type(layer.op)](held[name].astype(np.float64), factor, groups)
    held[bias] = (before - own["running_mean"]) * factor + own.get("bias", np.float64(0.0))
    specs.setdefault(bias, ParameterSpec(factor.shape, _START))
    return replace(
        layer,
        name=norm.name,
        op=replace(layer.op, bias=True),  # type: ignore[call-arg]
        parameters={**layer.parameters, "weight": name, "bias": bias},
    )


def _used(graph: Graph) -> Graph:
    """Without parameters that no node has."""
    named = {name for node in graph.nodes for name in node.parameters.values()}
    return replace(
        graph, parameters={name: s for name, s in graph.parameters.items() if name in named}
    )
