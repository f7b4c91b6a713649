"""Deviations as geometry, on a logarithmic scale of multiples of the rounding envelope: bars that
compare a cause with what rounding does, and the error along the depth of a network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isograd.notation import numbers
from isograd.report.charts import Dot, Tick
from isograd.report.scales import Scale
from isograd.result import SAME, Cause, FirstDivergence

FLOOR = 0.1
"""Deviations below it are drawn there: nothing at all is far below."""

LEAST_TOP = 1e4
"""The scale goes this far at least, so that rounding is seen to be small."""

BARS_LEFT, BARS_RIGHT = 92.0, 520.0
DEPTH_WIDTH, DEPTH_HEIGHT = 1100.0, 280.0
DEPTH_LEFT, DEPTH_RIGHT, DEPTH_TOP, DEPTH_BASE = 64.0, 1086.0, 22.0, 238.0
ROW_WIDTH = 84.0

MOST_DOTS = 400
"""Dots along the depth; beyond, only the line is drawn."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Bar:
    """``state`` says whether the cause is left in or mended."""

    state: str
    y: float
    width: float
    verdict: str
    text: str


@dataclass(frozen=True)
class Bars:
    """A cause's two bars from ``left`` on; up to ``rounding``, a deviation is explained by it."""

    bars: tuple[Bar, Bar]
    ticks: list[Tick]
    left: float = BARS_LEFT
    right: float = BARS_RIGHT
    rounding: float = 0.0


@dataclass(frozen=True)
class Depth:
    """The error along the depth: the largest at each depth as a path, each value as a dot, the
    first divergence as a mark."""

    path: str
    dots: list[Dot]
    mark: Dot | None
    ticks: list[Tick]
    rounding: float
    summary: str
    width: float = DEPTH_WIDTH
    height: float = DEPTH_HEIGHT
    left: float = DEPTH_LEFT
    right: float = DEPTH_RIGHT
    top: float = DEPTH_TOP
    base: float = DEPTH_BASE


def bars(causes: Sequence[Cause]) -> list[Bars]:
    """Two bars for each cause, all on one scale."""
    scale = _scale((e.ratio for c in causes for e in (c.before, c.after)), BARS_LEFT, BARS_RIGHT)
    return [
        Bars(
            (
                _bar("left in", 6.0, cause.before.verdict, cause.before.ratio, scale),
                _bar("mended", 28.0, cause.after.verdict, cause.after.ratio, scale),
            ),
            _ticks(scale, 3),
            rounding=scale(SAME),
        )
        for cause in causes
    ]


def depth(found: FirstDivergence) -> Depth | None:
    """The error along the depth up to a divergence and beyond; None where it is known at one place
    only."""
    if len({place for place, _, _ in found.along}) < 2:
        return None
    y = _scale((ratio for _, _, ratio in found.along), DEPTH_BASE, DEPTH_TOP)
    deepest = max(place for place, _, _ in found.along)
    x = Scale(0.0, float(deepest), DEPTH_LEFT, DEPTH_RIGHT)
    largest: dict[int, float] = {}
    for place, _, ratio in found.along:
        largest[place] = max(largest.get(place, 0.0), _drawn(ratio, y))
    path = "M" + "L".join(f"{x(place)} {y(ratio)}" for place, ratio in sorted(largest.items()))
    dots = [
        Dot(x(place), y(_drawn(ratio, y)), f"{node}: {numbers.multiple(ratio)}")
        for place, node, ratio in found.along
    ]
    mark = next(
        (d for d, (_, node, _) in zip(dots, found.along, strict=True) if node == found.node), None
    )
    before = [ratio for place, _, ratio in found.along if mark and x(place) < mark.x]
    summary = (
        f"Deviation at {len(dots)} values from input to output; at most "
        f"{numbers.multiple(max(before, default=0.0))} before {found.node}, "
        f"{numbers.multiple(found.ratio)} there."
    )
    few = dots if len(dots) <= MOST_DOTS else []
    return Depth(path, few, mark, _ticks(y, 3), y(SAME), summary)


def row_width(ratio: float | None, top: float) -> float:
    """The width of the small bar beside an op; ``top`` is the largest ratio of all."""
    if ratio is None or math.isnan(ratio):
        return 0.0
    scale = _scale([top], 0.0, ROW_WIDTH)
    return scale(_drawn(ratio, scale))


def _bar(state: str, y: float, verdict: str, ratio: float, scale: Scale) -> Bar:
    width = max(scale(_drawn(ratio, scale)) - BARS_LEFT, 3.0)
    return Bar(state, y, round(width, 1), verdict, numbers.multiple(ratio))


def _scale(ratios: Iterable[float], start: float, end: float) -> Scale:
    top = max([LEAST_TOP, *(ratio for ratio in ratios if math.isfinite(ratio))])
    return Scale(FLOOR, 10.0 ** math.ceil(math.log10(top) + 0.01), start, end, log=True)


def _drawn(ratio: float, scale: Scale) -> float:
    """What is not finite is at the end of the scale."""
    if math.isnan(ratio):
        return FLOOR
    return min(max(ratio, FLOOR), scale.high)


def _ticks(scale: Scale, every: int) -> list[Tick]:
    """Powers of ten: 1, 10³, 10⁶, ..."""
    last = round(math.log10(scale.high))
    exponents = range(0, last + 1, every)
    return [
        Tick(scale(10.0**n), "1" if n == 0 else f"10{str(n).translate(SUPERSCRIPTS)}")
        for n in exponents
    ]
