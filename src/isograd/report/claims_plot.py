"""Speeds of a statement as a picture: each with its interval, on either side of "as fast"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from isograd.claims.outcome import Figure
from isograd.claims.speeds import TIMES
from isograd.notation import numbers
from isograd.report.claims_words import amount, bounds
from isograd.report.language import said
from isograd.report.scales import Scale

WIDTH, LEFT, RIGHT = 1000.0, 400.0, 800.0
"""Names stand on the left of the plot, figures on the right."""

TOP, ROW, BOTTOM = 8.0, 38.0, 34.0

ROOM = 62
"""Letters, of which Chinese ones count twice, that fit beside the plot."""

MARGIN = 1.15
"""How far the axis goes beyond what it shows, as a factor."""


@dataclass(frozen=True)
class Tick:
    """A position on the axis and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Row:
    """A figure: its place, its interval, what it is of, and what it says."""

    y: float
    at: float
    low: float
    high: float
    subject: str
    what: str
    short: str
    text: str
    vote: str


@dataclass(frozen=True)
class Forest:
    """All rows; ``one`` is where nothing is faster."""

    rows: list[Row]
    ticks: list[Tick]
    one: float
    base: float
    height: float
    width: float = WIDTH
    left: float = LEFT
    right: float = RIGHT


def forest(figures: Sequence[Figure]) -> Forest | None:
    """The speeds among the figures; None where there are none."""
    shown = [(f, f.value) for f in figures if f.unit == TIMES and f.value is not None]
    if not shown:
        return None
    ends = [1.0, *(end for f, value in shown for end in (f.low or value, f.high or value))]
    scale = Scale(min(ends) / MARGIN, max(ends) * MARGIN, LEFT, RIGHT, log=True)
    rows = [_row(figure, value, place, scale) for place, (figure, value) in enumerate(shown)]
    base = TOP + ROW * len(rows)
    ticks = [Tick(scale(value), f"{value:g}×") for value in scale.ticks()]
    return Forest(rows, ticks, scale(1.0), base, base + BOTTOM)


def _row(figure: Figure, value: float, place: int, scale: Scale) -> Row:
    low, high = figure.low or value, figure.high or value
    text = f"{numbers.plain(value)}× {bounds(figure)}".strip()
    return Row(
        TOP + ROW * (place + 0.5),
        scale(value),
        scale(low),
        scale(high),
        figure.subject,
        figure.what,
        shortened(figure.what),
        text,
        figure.vote,
    )


def shortened(what: str) -> str:
    """As much as there is room for on the left, in the language that is spoken."""
    text = said(what)
    return text if cell_len(text) <= ROOM else f"{set_cell_size(text, ROOM - 1).rstrip()}…"


def rest(figures: Sequence[Figure]) -> list[tuple[Figure, str]]:
    """The figures that are no speeds, with their amounts."""
    return [
        (figure, " ".join(filter(None, (amount(figure), bounds(figure)))))
        for figure in figures
        if figure.unit != TIMES or figure.value is None
    ]
