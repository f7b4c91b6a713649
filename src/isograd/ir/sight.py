"""How ops see the axes of what they are given: in an order of their own, or in the roots'."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from isograd.ir import ops
from isograd.ir.axes import Axes, Axis, Segment, folded, merged, plain, size_of
from isograd.ir.columns import Columns, Row, columns
from isograd.ir.layout_families import ALIKE, OF_TWO, REDUCTIONS
from isograd.ir.ops import Op
from isograd.ir.ops.base import Dim, Shape, normalize_axis

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Sight:
    """What an op is as it sees its operands: ``op`` with its axes named by what it sees, ``seen``
    the axes of each operand's root, in that order. It makes a root of ``shape``, and its own value
    is seen as ``axes`` of that. ``note`` is what else there is to know. Where it is not ``exact``,
    operands are repeated along axes of size 1 in front.
    """

    op: Op
    seen: tuple[Axes, ...]
    shape: Shape
    axes: Axes
    note: str = ""
    exact: bool = False


COMMUTATIVE: tuple[type[Op], ...] = (
    ops.Add, ops.Multiply, ops.Maximum, ops.Minimum, ops.LogicalAnd, ops.LogicalOr, ops.LogicalXor,
)  # fmt: skip

Seen = Sight | Axes | None
"""None for an op that sees its operands just as they are given; axes for one that changes nothing.
"""


def opaque(op: Op, operands: Sequence[Axes], shape: Shape) -> Sight:
    """An op that sees its operands just as they are given."""
    return Sight(op, tuple(operands), shape, plain(shape), exact=True)


def joined(segments: Sequence[Segment]) -> Sight | None:
    """A reshape where axes do not divide each other: what crosses is joined, and split then. None
    where even that cannot be decided, for open sizes."""
    rows = [
        Row(number, (segment.atoms,), size_of(segment.atoms), free=segment.axes is not None)
        for number, segment in enumerate(segments)
    ]
    found = columns(rows)
    assert found is not None
    axes: list[Axis] = []
    for number, segment in enumerate(segments):
        parts = folded(found.placed[number], segment.shape)
        if parts is None:
            return None
        axes += parts
    return Sight(ops.Reshape(found.shape), found.seen, found.shape, tuple(axes))


def see(op: Op, operands: Sequence[Axes], shape: Shape) -> Seen:
    """How an op that makes a value of ``shape`` sees its operands."""
    sight = SIGHTS.get(type(op))
    return None if sight is None else sight(op, operands, shape)


# Every element alike ------------------------------------------------------------------------------


def _elements(op: Op, operands: Sequence[Axes], shape: Shape) -> Seen:
    """Operands broadcast."""
    found = columns(_batches(operands, shape), len(operands))
    return None if found is None else _of(op, found, range(len(shape)))


def _aligned(operands: Sequence[Axes], rank: int) -> list[tuple[int, Axes]]:
    """For each axis of the result, what it is of every operand."""
    wide = [((),) * (rank - len(axes)) + axes for axes in operands]
    return [(i, tuple(axes[i] for axes in wide)) for i in range(rank)]


def _of(op: Op, found: Columns, labels: Sequence[object]) -> Sight:
    axes = tuple(found.placed.get(label, ()) for label in labels)
    return Sight(op, found.seen, found.shape, axes)


def _dropout(op: ops.Dropout, operands: Sequence[Axes], shape: Shape) -> Seen:
    """Masks that are shared along axes must tell these from each other."""
    sight = _elements(op, operands, shape)
    assert isinstance(sight, Sight)
    root = plain(sight.shape)
    if not all(axis in root for axis in sight.axes if axis):
        return None if op.shared else sight
    shared = sorted(root.index(sight.axes[axis]) for axis in op.shared if sight.axes[axis])
    ones = sum(not axis for axis in sight.axes)
    note = f"with {ones} axes of size 1" if ones else ""
    return replace(sight, op=replace(op, shared=tuple(shared)), note=note)


# Some axes in a way of their own ------------------------------------------------------------------


def _along(
    operands: Sequence[Axes],
    own: Mapping[int, object],
    shape: Shape,
    name: Callable[[Columns], Op],
    gone: Sequence[int] = (),
) -> Seen:
    """An op that treats the axes ``own`` in a way of its own, and all others alike. Axes that are
    ``gone`` from the result are left out of its ``shape``."""
    rank = len(operands[0])
    left = iter(shape)
    sizes = [None if axis in gone else next(left) for axis in range(rank)]
    rows = [
        Row(i, tuple(axes[i] for axes in operands), sizes[i], free=i not in own)
        for i in range(rank)
    ]
    found = columns(rows, len(operands))
    if found is None:
        return None
    return _of(name(found), found, [i for i in range(rank) if i not in gone])


def _one(op: Any, operands: Sequence[Axes], shape: Shape) -> Seen:
    """Along one axis."""
    axis = normalize_axis(op.axis, len(operands[0]))
    return _along(operands, {axis: 0}, shape, lambda c: replace(op, axis=c.number[axis]))


def _flip(op: ops.Flip, operands: Sequence[Axes], shape: Shape) -> Seen:
    (x,) = operands
    own = {axis: 0 for axis in (normalize_axis(a, len(x)) for a in op.axes) if x[axis]}
    if not own:
        return x
    return _along(operands, own, shape, lambda c: ops.Flip(tuple(sorted(c.number.values()))))


def _roll(op: ops.Roll, operands: Sequence[Axes], shape: Shape) -> Seen:
    axes = [normalize_axis(axis, len(operands[0])) for axis in op.axes]
    if len(set(axes)) < len(axes):
        return None

    def name(found: Columns) -> Op:
        pairs = sorted((found.number[a], n) for a, n in zip(axes, op.shifts, strict=True))
        return ops.Roll(tuple(n for _, n in pairs), tuple(axis for axis, _ in pairs))

    return _along(operands, dict.fromkeys(axes), shape, name)


def _pad(op: ops.Pad, operands: Sequence[Axes], shape: Shape) -> Seen:
    own = {axis: pair for axis, pair in enumerate(op.padding) if any(pair)}
    if not own:
        return operands[0]

    def name(found: Columns) -> Op:
        padding = [(0, 0)] * len(found.shape)
        for axis, pair in own.items():
            padding[found.number[axis]] = pair
        return replace(op, padding=tuple(padding))

    return _along(operands, own, shape, name)


def _reduced(op: Any, operands: Sequence[Axes], shape: Shape) -> Seen:
    """Whatever the order of what goes away."""
    (x,) = operands
    axes = {normalize_axis(axis, len(x)) for axis in op.axes}
    gone = merged(sorted((a for axis in axes for a in x[axis]), key=lambda atom: atom.place))
    if not gone:
        return None
    left = [i for i in range(len(x)) if i not in axes]
    rows = [Row(i, (x[i],), size_of(x[i])) for i in left]
    rows += [Row(("gone", i), ((atom,),), None, free=False) for i, atom in enumerate(gone)]
    found = columns(rows)
    assert found is not None
    named = replace(op, axes=tuple(sorted(found.number.values())), keepdims=False)
    return _of(named, found, range(len(x)) if op.keepdims else left)


def _pooled(op: Any, operands: Sequence[Axes], shape: Shape) -> Seen:
    make = ops.Mean if isinstance(op, ops.GlobalAvgPool) else ops.Max
    axes = tuple(range(2, len(operands[0])))
    return _reduced(make(axes, op.keepdims), operands, shape)


def _selected(op: ops.Select, operands: Sequence[Axes], shape: Shape) -> Seen:
    (x,) = operands
    axis = normalize_axis(op.axis, len(x))
    size = size_of(x[axis])
    if size == 1:
        return x[:axis] + x[axis + 1 :]
    index = op.index % size if isinstance(size, int) else op.index
    return _along(
        operands, {axis: 0}, shape, lambda c: ops.Select(c.number[axis], index), gone=(axis,)
    )


def _sliced(op: ops.Slice, operands: Sequence[Axes], shape: Shape) -> Seen:
    """One of several pieces of one size is chosen of an axis that is split so."""
    (x,) = operands
    axis = normalize_axis(op.axis, len(x))
    size, left = size_of(x[axis]), shape[axis]
    if size == left:
        return x
    if not isinstance(size, int) or not isinstance(op.start, int) or isinstance(op.stop, str):
        return _one(op, operands, shape)
    start, stop, step = slice(op.start, op.stop, op.step).indices(size)
    length = len(range(start, stop, step))
    parts = None if step > 1 or size % length or start % length else [size // length, length]
    split = folded(x[axis], parts) if parts else None
    if split is None:
        return _one(ops.Slice(op.axis, start, stop, step), operands, shape)
    high = (*x[:axis], *split, *x[axis + 1 :])
    select = ops.Select(axis, start // length)
    return _selected(select, (high,), shape)


def _last(op: Any, operands: Sequence[Axes], shape: Shape) -> Seen:
    """The last axes as they are seen, after all others."""
    (x,) = operands
    count = len(getattr(op, "normalized_shape", (0,)))
    own = range(len(x) - count, len(x))
    sight = _along(operands, dict.fromkeys(own), shape, lambda _: op)
    assert isinstance(sight, Sight)
    (seen,) = sight.seen
    last = x[len(x) - count :]
    others = tuple(axis for axis in seen if axis and axis not in last)
    return replace(sight, seen=((*others, *last),))


def _looked_up(op: Op, operands: Sequence[Axes], shape: Shape) -> Seen:
    """Every index alike; what is found lies along a new last axis."""
    (x,) = operands
    rows = [Row(i, (axis,), size_of(axis)) for i, axis in enumerate(x)]
    found = columns([*rows, Row(len(x), ((),), shape[-1], free=False)])
    assert found is not None
    (seen,) = found.seen
    sight = _of(op, found, range(len(shape)))
    return replace(sight, seen=(tuple(axis for axis in seen if axis),))


# Products -----------------------------------------------------------------------------------------


def _product(op: ops.MatMul, operands: Sequence[Axes], shape: Shape) -> Seen:
    """As the sum of products that it is."""
    a, b = operands
    rank = len(shape)
    rows = _batches([a[:-2], b[:-2]], shape[:-2])
    rows += [
        Row(rank - 2, (a[-2], ()), shape[-2]),
        Row(rank - 1, ((), b[-1]), shape[-1]),
        Row("summed", (a[-1], b[-2]), None),
    ]
    return _contracted(rows, range(rank), 2)


def _einsum(op: ops.Einsum, operands: Sequence[Axes], shape: Shape) -> Seen:
    *terms, result = op.terms
    letters = dict.fromkeys("".join(terms))
    if len(operands) == 1 and len(letters) == len(result):
        return tuple(operands[0][terms[0].index(letter)] for letter in result)
    rows = []
    for letter in letters:
        sides = zip(terms, operands, strict=True)
        entries = tuple(x[term.index(letter)] if letter in term else () for term, x in sides)
        size = shape[result.index(letter)] if letter in result else None
        rows.append(Row(letter, entries, size))
    return _contracted(rows, result, len(operands))


def _contracted(rows: Sequence[Row], labels: Sequence[object], operands: int) -> Seen:
    """A sum of products, its axes in the order of the columns, each with a letter."""
    found = columns(rows, operands)
    if found is None or len(found.kept) > len(LETTERS):
        return None
    terms = ["".join(x for x, axis in zip(LETTERS, s, strict=False) if axis) for s in found.seen]
    result = "".join(x for x, kept in zip(LETTERS, found.kept, strict=False) if kept)
    sight = _of(ops.Einsum(f"{','.join(terms)}->{result}"), found, labels)
    seen = tuple(tuple(axis for axis in side if axis) for side in found.seen)
    return replace(sight, seen=seen)


def _batches(operands: Sequence[Axes], shape: Shape) -> list[Row]:
    return [Row(i, entries, shape[i]) for i, entries in _aligned(operands, len(shape))]


def _attention(op: ops.Attention, operands: Sequence[Axes], shape: Shape) -> Seen:
    """Batches and heads in any order; queries, places and features as they are."""
    rank = len(shape)
    rows = _batches([axes[:-2] for axes in operands], shape[:-2])
    q, k, v, *mask = operands
    over, under = [[axes[i] for axes in mask] for i in (-2, -1)]
    none: list[Axis] = [()] * len(mask)
    own: dict[object, Axes] = {
        rank - 2: (q[-2], (), (), *over),
        rank - 1: ((), (), v[-1], *none),
        "places": ((), k[-2], v[-2], *under),
        "features": (q[-1], k[-1], (), *none),
    }
    sizes: dict[object, Dim] = {rank - 2: shape[-2], rank - 1: shape[-1]}
    rows += [Row(label, entries, sizes.get(label), free=False) for label, entries in own.items()]
    found = columns(rows, len(operands))
    if found is None:
        return None
    seen = []
    for side, axes in zip(found.seen, operands, strict=True):
        numbers = set(found.number.values())
        batch = [axis for i, axis in enumerate(side) if i not in numbers]
        seen.append((*batch, *axes[-2:]))
    return replace(_of(op, found, range(rank)), seen=tuple(seen))


SIGHTS: dict[type[Op], Callable[[Any, Sequence[Axes], Shape], Seen]] = {
    **dict.fromkeys(ALIKE, _elements),
    **dict.fromkeys((*OF_TWO, ops.Where), _elements),
    **dict.fromkeys((ops.Softmax, ops.LogSoftmax, ops.CumSum, ops.Concat), _one),
    ops.RepeatInterleave: _one,
    ops.Slice: _sliced,
    ops.Select: _selected,
    ops.Flip: _flip,
    ops.Roll: _roll,
    ops.Pad: _pad,
    **dict.fromkeys(REDUCTIONS, _reduced),
    ops.GlobalAvgPool: _pooled,
    ops.GlobalMaxPool: _pooled,
    **dict.fromkeys((ops.Linear, ops.LayerNorm, ops.RMSNorm), _last),
    **dict.fromkeys((ops.Embedding, ops.OneHot), _looked_up),
    ops.MatMul: _product,
    ops.Einsum: _einsum,
    ops.Attention: _attention,
    ops.Dropout: _dropout,
}
"""Op to how it sees its operands; all others see them as they are given."""
