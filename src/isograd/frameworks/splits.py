"""Values that are cut into equal pieces: one statement makes all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from isograd.ir import ops
from isograd.ir.graph import Node
from isograd.ir.ops.base import TensorType, normalize_axis


def splits(parts: Iterable[object], types: Mapping[str, TensorType]) -> dict[str, tuple[Node, ...]]:
    """The name of the first slice among ``parts`` to all pieces in order, for each value that
    slices among ``parts`` cut along one axis into equal pieces, nothing left over."""
    cuts: dict[tuple[str, int], list[Node]] = defaultdict(list)
    for part in parts:
        if isinstance(part, Node) and isinstance(part.op, ops.Slice):
            kind = types[part.inputs[0]]
            cuts[part.inputs[0], normalize_axis(part.op.axis, kind.rank)].append(part)
    found = {}
    for (name, axis), nodes in cuts.items():
        size = types[name].shape[axis]
        if len(nodes) > 1 and isinstance(size, int) and _are_pieces(nodes, axis, size):
            found[nodes[0].name] = tuple(sorted(nodes, key=lambda n: _span(n, size).start))
    return found


def _are_pieces(nodes: list[Node], axis: int, size: int) -> bool:
    """Whether the slices are all pieces of one length, each once."""
    spans = [_span(node, size) for node in nodes]
    length, left = divmod(size, len(nodes))
    return not left and sorted(spans, key=lambda span: span.start) == [
        range(start, start + length) for start in range(0, size, length)
    ]


def _span(node: Node, size: int) -> range:
    op = node.op
    assert isinstance(op, ops.Slice)
    if isinstance(op.start, str) or isinstance(op.stop, str):
        return range(0)
    return range(*slice(op.start, op.stop, op.step).indices(size))
