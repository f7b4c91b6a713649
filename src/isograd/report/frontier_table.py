"""The table of a frontier: the accessible form of the plot, and every figure that it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean

from isograd.frontier import Frontier, Latency, Point, Variant
from isograd.notation import numbers
from isograd.notation.names import enumeration
from isograd.report.frontier_answer import baseline, loss, percent
from isograd.report.frontier_plot import plotted
from isograd.result import Verdict


@dataclass(frozen=True)
class Column:
    """``less``: what is least comes first when sorted by it."""

    key: str
    title: str
    meaning: str
    less: bool = True


@dataclass(frozen=True)
class Cell:
    """A figure, what stands below it with its interval, the number that it is sorted by, and
    ``faster`` or ``slower``, where that was measured; or a verdict. ``tail`` says what the slowest
    calls take."""

    text: str = numbers.MISSING
    small: str = ""
    value: float | None = None
    pace: str = ""
    verdict: Verdict | None = None
    bounds: str = ""
    tail: str = ""


def columns(found: Frontier) -> list[Column]:
    """What the table has a column for."""
    return [
        Column("quality", "accuracy", "on the test examples; below it, what was lost", less=False),
        Column(
            "same",
            "agrees",
            "float32: with the network in float64; else: answers that are the dense network's",
            less=False,
        ),
        Column("size", "size", "bytes to ship; below it, over the baseline's"),
        *(
            Column(
                f"latency-{b}",
                f"latency, batch\u00a0{b}",
                "median; below it, over the baseline's, with its interval, and the 90th and 99th "
                "percentiles",
            )
            for b in found.batches
        ),
        Column("cold", "cold start", "from the start of a process to the first output"),
        Column("memory", "memory", "peak of the process"),
    ]


def rows(found: Frontier) -> list[tuple[Point, dict[str, Cell]]]:
    """What ran, with its cells by column."""
    base = baseline(found)
    return [(point, _cells(found, point, base)) for point in plotted(found)]


def failures(found: Frontier) -> list[Point]:
    """What did not run, or not yet."""
    return [point for point in found.points if point.status != "ok"]


def _cells(found: Frontier, point: Point, base: Point | None) -> dict[str, Cell]:
    times = {f"latency-{b}": _time(point.latency(b)) for b in found.batches}
    return {
        "quality": _quality(point),
        "same": _same(point),
        "size": _size(point, base),
        **times,
        "cold": _cell(point.cold_start_s, numbers.seconds(point.cold_start_s)),
        "memory": _cell(point.peak_memory_mb, numbers.memory(point.peak_memory_mb)),
    }


def _cell(value: float | None, text: str, small: str = "") -> Cell:
    known = value is not None and math.isfinite(value)
    return Cell(text, small, value) if known else Cell()


def _quality(point: Point) -> Cell:
    small = loss(point.lost) if point.lost is not None else ""
    return _cell(point.quality, percent(point.quality), small)


def _same(point: Point) -> Cell:
    if point.verdict:
        return Cell(
            point.verdict,
            value=1.0 if point.verdict == "equivalent" else -1.0,
            verdict=point.verdict,
        )
    return _cell(point.agreement, percent(point.agreement), "same answers")


def _size(point: Point, base: Point | None) -> Cell:
    share = ""
    if point.size and base and base.size and point is not base:
        share = f"{numbers.plain(point.size / base.size)}×"
    return _cell(point.size, numbers.size(point.size), share)


def _time(latency: Latency | None) -> Cell:
    if latency is None:
        return Cell()
    text, tail = numbers.time(latency.p50_ms * 1e3), _tail(latency)
    if latency.ratio is None:
        return Cell(text, "", latency.p50_ms, tail=tail)
    ratio = latency.ratio
    share, bounds = numbers.ratio_range(ratio.ratio, ratio.low, ratio.high)
    pace = ratio.verdict if ratio.verdict in ("faster", "slower") else ""
    small = f"{pace}, {share}" if pace else share
    return Cell(text, small, latency.p50_ms, pace, bounds=bounds, tail=tail)


def _tail(latency: Latency) -> str:
    p90, p99 = (numbers.time(ms * 1e3) for ms in (latency.p90_ms, latency.p99_ms))
    return f"p90 {p90}, p99 {p99}"


def share(value: int | None, dense: int | None) -> str:
    """``48%``, of the dense network."""
    return "" if not value or not dense else f"{numbers.plain(100 * value / dense)}%"


def dense(found: Frontier) -> Variant | None:
    """What all variants are shares of: the first one."""
    return found.variants[0] if found.variants else None


def mean(values: list[float]) -> float | None:
    """Over seeds; None without any."""
    return fmean(values) if values else None


def measured(found: Frontier) -> str:
    """When, for how long, and what noise does on this machine."""
    spent = f", {numbers.seconds(found.duration_s)}" if found.duration_s else ""
    floors = [
        f"±{numbers.plain(noise.fraction * 100, 2)}% with a batch of {batch}"
        for batch, noise in found.noise.items()
    ]
    floor = f" Two processes of the baseline differ by {enumeration(floors)}." if floors else ""
    return f"Run of {found.created}{spent}.{floor}"
