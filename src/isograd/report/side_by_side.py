"""Both networks side by side, prepared for the page: what is alike is folded away, what differs
stands open with a few lines around it, and modules are headings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from isograd.explanation import AlignedRow
from isograd.report.deviations import row_width
from isograd.result import SAME, Cause, FirstDivergence, Spot

AROUND = 2
"""Lines shown before and after one that differs."""

FEWEST_FOLDED = 4
"""Fewer alike lines than that are not worth a fold."""

SIGNS = {
    "same": ("=", "alike"),
    "folded": ("·", "changes nothing by itself"),
    "differs": ("≠", "differs"),
    "rewritten": ("≈", "written otherwise"),
    "reference only": ("−", "in the reference only"),
    "twin only": ("+", "in the twin only"),
    "ambiguous": ("?", "cannot be told from another one"),
}
"""A sign for each kind of line and what it means."""


@dataclass(frozen=True)
class Cell:
    """One side of a line: the op's name, its attributes as text, those that differ, its name in its
    module, and the user's ``file:line``."""

    op: str
    attributes: str
    differing: list[str]
    name: str
    source: str


@dataclass(frozen=True)
class Line:
    """A row with its ``number``. ``heading`` are the modules of both sides where they change,
    ``bar`` is the width of the deviation's bar, ``over`` whether it is more than rounding,
    ``first`` marks a first divergence and ``causes`` are the numbers of the causes found here."""

    number: int
    row: AlignedRow
    sign: str
    meaning: str
    cells: tuple[Cell | None, Cell | None]
    heading: tuple[str, str] | None
    bar: float
    over: bool
    first: bool
    causes: list[int]


@dataclass(frozen=True)
class Stretch:
    """Consecutive lines; ``summary`` says what is folded, and is empty for what stands open."""

    summary: str
    lines: list[Line] = field(default_factory=list)


def stretches(
    rows: Sequence[AlignedRow], causes: Sequence[Cause], divergences: Sequence[FirstDivergence]
) -> list[Stretch]:
    """All rows, in order, folded where there is nothing to see."""
    return list(_Page(rows, causes, divergences).stretches())


def signs(found: Sequence[Stretch]) -> dict[str, str]:
    """The signs that are there, with what they mean."""
    there = {line.sign for stretch in found for line in stretch.lines}
    return {sign: meaning for sign, meaning in SIGNS.values() if sign in there}


def row_of(rows: Sequence[AlignedRow], *nodes: tuple[int, str]) -> int | None:
    """The number of the first row in which a side (0 is the reference) has one of these nodes."""
    wanted = set(nodes)
    for number, row in enumerate(rows):
        if wanted & {(side, spot.node) for side, spot in _sides(row)}:
            return number
    return None


class _Page:
    def __init__(
        self,
        rows: Sequence[AlignedRow],
        causes: Sequence[Cause],
        divergences: Sequence[FirstDivergence],
    ) -> None:
        self.rows = rows
        self.first = {one.node for one in divergences}
        self.causes: dict[tuple[int, str], list[int]] = {}
        for number, cause in enumerate(causes, 1):
            for place in cause.places:
                for side, spot in enumerate(place):
                    if spot:
                        self.causes.setdefault((side, spot.node), []).append(number)
        known = [row.ratio for row in rows if row.ratio is not None and math.isfinite(row.ratio)]
        self.top = max(known, default=0.0)

    def stretches(self) -> Iterator[Stretch]:
        shown = self._shown()
        for is_open, group in groupby(range(len(self.rows)), shown.__getitem__):
            numbers = list(group)
            summary = "" if is_open else self._summary(numbers)
            yield Stretch(summary, list(self._lines(numbers)))

    def _shown(self) -> list[bool]:
        """Which rows stand open."""
        shown = [False] * len(self.rows)
        for number, row in enumerate(self.rows):
            if not row.is_plain or self._is_first(row):
                for near in range(max(0, number - AROUND), min(len(shown), number + AROUND + 1)):
                    shown[near] = True
        start = 0
        for is_open, group in groupby(list(shown)):
            length = len(list(group))
            if not is_open and length < FEWEST_FOLDED:
                shown[start : start + length] = [True] * length
            start += length
        return shown

    def _summary(self, numbers: Sequence[int]) -> str:
        ends = [self._name(self.rows[number]) for number in (numbers[0], numbers[-1])]
        return f"{len(numbers):,} ops that are alike: {ends[0]} to {ends[1]}"

    def _name(self, row: AlignedRow) -> str:
        spot = row.reference or row.twin
        return spot.scope or spot.node if spot else ""

    def _lines(self, numbers: Sequence[int]) -> Iterator[Line]:
        """A stretch begins with its modules, whatever was said before."""
        last = ("", "")
        for number in numbers:
            row = self.rows[number]
            heading = row.module if row.module != last and any(row.module) else None
            last = row.module
            yield self._line(number, row, heading)

    def _line(self, number: int, row: AlignedRow, heading: tuple[str, str] | None) -> Line:
        sign, meaning = SIGNS[row.kind]
        if row.ambiguous:
            sign, meaning = SIGNS["ambiguous"]
        causes = {n for key in _keys(row) for n in self.causes.get(key, [])}
        cells = (_cell(row, 0), _cell(row, 1))
        return Line(
            number,
            row,
            sign,
            meaning,
            cells,
            heading,
            row_width(row.ratio, self.top),
            (row.ratio or 0.0) > SAME,
            self._is_first(row),
            sorted(causes),
        )

    def _is_first(self, row: AlignedRow) -> bool:
        return row.reference is not None and row.reference.node in self.first


def _sides(row: AlignedRow) -> Iterator[tuple[int, Spot]]:
    for side, spot in enumerate((row.reference, row.twin)):
        if spot:
            yield side, spot


def _keys(row: AlignedRow) -> list[tuple[int, str]]:
    return [(side, spot.node) for side, spot in _sides(row)]


def _cell(row: AlignedRow, side: int) -> Cell | None:
    spot = (row.reference, row.twin)[side]
    if spot is None:
        return None
    op, _, rest = spot.op.partition("(")
    differing = [f"{name}={values[side]}" for name, *values in row.attributes]
    name = spot.scope or spot.node
    module = row.module[side]
    if module and name == module:
        name = ""
    elif module:
        name = name.removeprefix(f"{module}.")
    return Cell(op, rest.removesuffix(")"), differing, name, spot.source or "")
