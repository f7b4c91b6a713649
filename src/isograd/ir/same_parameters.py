"""Parameters that correspond although the ops that use them do not: a dense layer's and those of a
product and a sum; two biases and one array that holds both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isograd.ir.graph import Graph, Node
from isograd.ir.ops import GRU, Linear, Parameter


@dataclass(frozen=True)
class SameParameter:
    """A parameter of the reference and the twin's for it; ``turned``: a matrix that is transposed
    there."""

    reference: str
    twin: str
    turned: bool = False


def of_dense(
    graphs: Sequence[Graph], ours: Sequence[Node], theirs: Sequence[Node]
) -> Iterator[SameParameter]:
    """Those of a layer on one side and of a product with a matrix, and maybe a sum, on the other
    one. A matrix that is not square tells how it lies; a square one is taken to lie alike."""
    made = [[node for node in nodes if node.inputs] for nodes in (ours, theirs)]
    if [isinstance(nodes[0].op, Linear) for nodes in made if len(nodes) == 1] != [True]:
        return
    first, second = (
        {role: name for node in nodes for role, name in _roles(node)} for nodes in (ours, theirs)
    )
    if first.keys() != second.keys():
        return
    for role, name in first.items():
        here, there = graphs[0].parameters[name].shape, graphs[1].parameters[second[role]].shape
        if here in (there, there[::-1]):
            yield SameParameter(name, second[role], here != there)


def _roles(node: Node) -> Iterator[tuple[str, str]]:
    """A layer's parameters, or one that stands by itself, by the number of its axes."""
    if isinstance(node.op, Parameter):
        yield ("weight" if len(node.op.shape) == 2 else "bias"), node.parameters["value"]
    elif isinstance(node.op, Linear):
        yield from node.parameters.items()


def are_same_biases(ours: object, theirs: object) -> bool:
    """Whether two biases of a GRU are two arrays on one side and one on the other."""
    return {"double", "stacked"} == {ours, theirs}


def of_gru(left: Node, right: Node) -> tuple[str, tuple[str, str]] | None:
    """The bias that is both of the other side's, and these."""
    if not isinstance(left.op, GRU) or not isinstance(right.op, GRU):
        return None
    if not are_same_biases(left.op.bias, right.op.bias):
        return None
    whole, apart = (left, right) if left.op.bias == "stacked" else (right, left)
    return whole.parameters["bias"], (apart.parameters["bias_ih"], apart.parameters["bias_hh"])
