"""Packed projections: a `Linear` whose features are only ever used in equal pieces, one behind the
other, is the same function as one `Linear` for each piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from isograd.ir import ops
from isograd.ir.axes import Axis
from isograd.ir.graph import Graph, Node
from isograd.ir.sizes import multiply


@dataclass(frozen=True)
class Piece:
    """The ``index``-th of ``count`` equal pieces of a tensor, along its first axis."""

    whole: str
    index: int
    count: int

    @property
    def name(self) -> str:
        return f"{self.whole}[{self.index}/{self.count}]"


@dataclass(frozen=True)
class Choice:
    """The elements of the root ``source`` at ``index`` along the axis ``chosen``."""

    source: str
    chosen: Axis
    index: int


def packed(
    graph: Graph, choices: Mapping[str, Choice], readers: Mapping[str, set[str]]
) -> dict[str, tuple[Node, int, int]]:
    """The values that are pieces of a packed layer: the layer, which piece, and of how many.

    ``choices`` are those values that choose of a root, ``readers`` are for each root the values
    that are made of it, an empty name among them for an output of the graph.
    """
    uses = Counter(name for node in graph.nodes for name in node.parameters.values())
    found: dict[str, tuple[Node, int, int]] = {}
    for node in graph.nodes:
        alone = all(uses[name] == 1 for name in node.parameters.values())
        if isinstance(node.op, ops.Linear) and alone:
            pieces = {name: choices.get(name) for name in readers.get(node.name, ())}
            count = _count(node.op.out_features, list(pieces.values()))
            of = {name: (node, piece.index, count) for name, piece in pieces.items() if piece}
            found |= of if count else {}
    return found


def _count(features: int, pieces: list[Choice | None]) -> int:
    """How many pieces of at least two features they are, each of them used; 0 if they are not."""
    chosen = {piece.chosen if piece else () for piece in pieces}
    if len(chosen) != 1:
        return 0
    (axis,) = chosen
    indices = {piece.index for piece in pieces if piece}
    if len(axis) != 1 or axis[0].stride == 1 or features != multiply(axis[0].stride, axis[0].size):
        return 0
    return len(indices) if axis[0].size == len(indices) else 0
