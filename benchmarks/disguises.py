"""The same network, written otherwise: other names, another order, other ops for a function."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op

Spelled = Callable[[Node], list[Node]]


def disguised(graph: Graph, rng: random.Random) -> Graph:
    """Another way to write the graph: each of its parts is one of several, at random."""
    for disguise in (_written_otherwise, _operands_swapped, _reordered, _renamed):
        if rng.random() < 0.7:
            graph = disguise(graph, rng)
    return graph


def _chain(node: Node, *steps: tuple[Op, tuple[str, ...]]) -> list[Node]:
    """Ops in the place of a node: ``x`` is its input, ``1`` the first one's value, and so on."""
    names = [f"{node.name}_part_{number}" for number in range(1, len(steps))] + [node.name]
    known = {"x": node.inputs[0]} | {str(i): name for i, name in enumerate(names, 1)}
    return [
        replace(node, name=name, op=op, inputs=tuple(known[i] for i in inputs), parameters={})
        for name, (op, inputs) in zip(names, steps, strict=True)
    ]


def _mean(node: Node) -> list[Node]:
    assert isinstance(node.op, ops.GlobalAvgPool)
    return [replace(node, op=ops.Mean((-2, -1), node.op.keepdims))]


SPELLED: dict[type[Op], Spelled] = {
    ops.GlobalAvgPool: _mean,
    ops.SiLU: lambda node: _chain(node, (ops.Sigmoid(), ("x",)), (ops.Multiply(), ("x", "1"))),
    ops.Softsign: lambda node: _chain(
        node,
        (ops.Abs(), ("x",)),
        (ops.AddScalar(1.0), ("1",)),
        (ops.Divide(), ("x", "2")),
    ),
    ops.HardSigmoid: lambda node: _chain(
        node,
        (ops.AddScalar(3.0), ("x",)),
        (ops.HardTanh(0.0, 6.0), ("1",)),
        (ops.MultiplyScalar(1 / 6), ("2",)),
    ),
    ops.Tanh: lambda node: _chain(
        node,
        (ops.MultiplyScalar(2.0), ("x",)),
        (ops.Sigmoid(), ("1",)),
        (ops.MultiplyScalar(2.0), ("2",)),
        (ops.AddScalar(-1.0), ("3",)),
    ),
}
"""Op to other ops that compute the same."""


def _written_otherwise(graph: Graph, rng: random.Random) -> Graph:
    types = dict(graph.inputs)
    nodes: list[Node] = []
    for node in graph.nodes:
        spell = SPELLED.get(type(node.op))
        for one in spell(node) if spell and rng.random() < 0.5 else [node]:
            types[one.name] = kind = one.op.infer(*(types[name] for name in one.inputs))
            nodes.append(replace(one, type=kind))
    return replace(graph, nodes=tuple(nodes))


def _operands_swapped(graph: Graph, rng: random.Random) -> Graph:
    """Of sums and products."""
    nodes = (
        replace(node, inputs=node.inputs[::-1])
        if isinstance(node.op, (ops.Add, ops.Multiply)) and rng.random() < 0.5
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=tuple(nodes))


def _reordered(graph: Graph, rng: random.Random) -> Graph:
    """The same nodes in another order that makes each value before it is used."""
    left, done, nodes = list(graph.nodes), set(graph.inputs), []
    while left:
        ready = [
            node
            for node in left
            if done.issuperset(node.inputs)
            and not (node.op.behind and nodes and nodes[-1].name != node.inputs[0])
        ]
        node = rng.choice(ready or left[:1])
        left.remove(node)
        done.add(node.name)
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes))


def _renamed(graph: Graph, rng: random.Random) -> Graph:
    """Layers have other names, which say nothing."""
    numbers = count(1)
    scopes: dict[str, str] = {}
    for node in graph.nodes:
        for name in node.parameters.values():
            scopes.setdefault(name.rpartition(".")[0], f"part_{next(numbers)}")
    new = {name: _moved(name, scopes) for name in graph.parameters}
    nodes = tuple(
        replace(
            node,
            scope=scopes.get(node.scope, node.scope),
            parameters={role: new[name] for role, name in node.parameters.items()},
        )
        for node in graph.nodes
    )
    order = list(_shuffled(graph.parameters, rng))
    return replace(
        graph, nodes=nodes, parameters={new[name]: graph.parameters[name] for name in order}
    )


def _moved(name: str, scopes: dict[str, str]) -> str:
    scope, _, role = name.rpartition(".")
    return f"{scopes.get(scope, scope)}.{role}"


def _shuffled(names: Iterable[str], rng: random.Random) -> list[str]:
    found = list(names)
    rng.shuffle(found)
    return found
