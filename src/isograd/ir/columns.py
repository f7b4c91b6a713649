"""How an op sees the axes of its operands, in an order that does not depend on how they were laid
out: as *columns*, each with what it is of every operand.

Axes that the op treats alike are cut where any operand cuts them, brought into the order in which
they lie in the root of the largest operand, and joined again where every operand can join them.
Axes that the op treats in a way of their own stay whole, each where its last atom lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isograd.ir.axes import Atom, Axes, Axis, common, magnitude, merged, size_of
from isograd.ir.sizes import Dim, multiply


@dataclass(frozen=True)
class Row:
    """One axis of an op, as its operands are seen along it: ``entries`` has none for an operand of
    size 1 there. A ``free`` one may be cut, moved and joined. ``size`` is what becomes of it: the
    axis's size in the result, or None where it is gone.
    """

    label: object
    entries: Axes
    size: Dim | None
    free: bool = True


@dataclass(frozen=True)
class _Part:
    """The ``cut``-th part of a row, slowest first."""

    label: object
    cut: int
    size: Dim


@dataclass(frozen=True)
class _Column:
    entries: Axes
    size: Dim | None
    parts: tuple[_Part, ...]
    free: bool


@dataclass(frozen=True)
class Columns:
    """``seen`` is, for every operand, its axis in each column; ``number`` says which column a row
    is that is not free; ``kept`` says of each column whether the result has it. ``placed`` is how
    the result is seen along each row that is left, its root having the ``shape`` of what is kept.
    """

    seen: tuple[Axes, ...]
    number: Mapping[object, int]
    kept: tuple[bool, ...]
    placed: Mapping[object, Axis]
    shape: tuple[Dim, ...]


def columns(rows: Sequence[Row], operands: int = 1) -> Columns | None:
    """The columns of an op with so many operands; None where these cut an axis at places that do
    not fit each other."""
    found: list[_Column] = []
    for row in rows:
        cuts = common(row.entries) if row.free else [row.entries]
        if cuts is None:
            return None
        for number, entries in enumerate(cuts):
            size = max(map(size_of, entries), key=magnitude) if row.free else row.size or 1
            part = _Part(row.label, number, size)
            result = None if row.size is None else size
            found.append(_Column(entries, result, (part,), row.free))
    return _finished(rows, _joined(_sorted(found, operands)), operands)


def _sorted(found: list[_Column], operands: int) -> list[_Column]:
    """In the order of the largest operand; then what only another one has."""
    sides = range(operands)
    sizes = [magnitude(multiply(*(size_of(c.entries[side]) for c in found))) for side in sides]
    ranking = sorted(sides, key=lambda side: -sizes[side])

    def place(column: _Column) -> tuple[int, ...]:
        for rank, side in enumerate(ranking):
            if column.entries[side]:
                return rank, *column.entries[side][-1].place
        return (len(ranking),)

    return sorted(found, key=place)


def _joined(found: list[_Column]) -> list[_Column]:
    result: list[_Column] = []
    for column in found:
        last = result[-1] if result else None
        if last and _joins(last, column):
            entries = tuple(
                merged((*a, *b)) for a, b in zip(last.entries, column.entries, strict=True)
            )
            size = None if last.size is None else multiply(last.size, column.size or 1)
            result[-1] = _Column(entries, size, last.parts + column.parts, True)
        else:
            result.append(column)
    return result


def _joins(left: _Column, right: _Column) -> bool:
    if not (left.free and right.free) or (left.size is None) != (right.size is None):
        return False
    return all(
        bool(a) == bool(b) and (not a or b[0].follows(a[-1]))
        for a, b in zip(left.entries, right.entries, strict=True)
    )


def _finished(rows: Sequence[Row], found: list[_Column], operands: int) -> Columns:
    kept = [column for column in found if column.size is not None]
    atoms: dict[object, list[tuple[int, Atom]]] = {
        row.label: [] for row in rows if row.size is not None
    }
    for axis, column in enumerate(kept):
        stride: Dim = 1
        for part in reversed(column.parts):
            if part.size != 1:
                atoms[part.label].append((part.cut, Atom(axis, stride, part.size)))
            stride = multiply(stride, part.size)
    return Columns(
        tuple(tuple(column.entries[side] for column in found) for side in range(operands)),
        {column.parts[0].label: i for i, column in enumerate(found) if not column.free},
        tuple(column.size is not None for column in found),
        {
            label: merged(atom for _, atom in sorted(each, key=_cut))
            for label, each in atoms.items()
        },
        tuple(column.size for column in kept if column.size is not None),
    )


def _cut(part: tuple[int, Atom]) -> int:
    return part[0]
