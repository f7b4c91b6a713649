"""What `isograd optimize` shows in the terminal: the answer, every form, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isograd.frontier import Frontier, Latency, Point
from isograd.notation import numbers
from isograd.notation.names import SYMBOLS, title
from isograd.report.console import (
    STYLES,
    plain_table,
    shown,
    write_fitting,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.frontier_answer import (
    Fact,
    facts,
    framework,
    headline,
    name,
    percent,
    reached,
    verdict,
)

FRONT = "*"
"""Marks what nothing else is better than."""

Cell = Callable[[Point, int], tuple[str, str]]
"""A point and the deciding batch size to a text and its style."""


@dataclass(frozen=True)
class Column:
    """``head`` may stand on two lines."""

    head: str
    cell: Cell


def render_frontier(found: Frontier, console: Console, report: str = "") -> None:
    """Prints the answer, the forms by framework and variant, what was slower and could not be had,
    with the reasons, and where the ``report`` lies."""
    console.print()
    if found.status == "partial":
        write_line(console, f"PARTIAL RESULT. {found.reason}", "bold yellow")
    write_line(console, headline(found), "bold green")
    for sentence in (reached(found), *map(_sentence, facts(found)), verdict(found)):
        if sentence:
            write_indented(console, sentence)
    if found.status == "complete" and found.reason:
        write_line(console, found.reason)
    if any(point.status == "ok" for point in found.points):
        console.print()
        _write_table(found, console)
        _write_legend(found, console)
    _write_list(console, "Findings", found.findings)
    _write_slower(found, console)
    _write_troubles(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def _sentence(fact: Fact) -> str:
    if fact.point is None:
        return f"{fact.term}: {fact.words}"
    return f"{fact.term}: {name(fact.point)}, {fact.figure}: {fact.words}."


# The table ------------------------------------------------------------------------------------


def _write_table(found: Frontier, console: Console) -> None:
    """In the richest layout that fits."""
    write_fitting(console, (_table(found, columns, console) for columns in _layouts(found)))


def _layouts(found: Frontier) -> list[list[Column]]:
    first, last = found.batches[0], found.batches[-1]
    proof, accuracy = Column("", _proof), Column("accu-\nracy", _accuracy)
    change, size = Column("change", _change), Column("size", _size)
    call, slow = Column(f"call\nof {first}", _call), Column("99th\nperc.", _slow_call)
    start, memory = Column("cold\nstart", _start), Column("mem-\nory", _memory)
    essential = [proof, accuracy, change, size, call, _ratio_column(first, bounds=False), start]
    wide = [
        proof,
        accuracy,
        change,
        size,
        call,
        slow,
        _ratio_column(first, bounds=True),
        *([_ratio_column(last, bounds=True)] if last != first else []),
        start,
        memory,
    ]
    without_tail = [column for column in wide if column is not slow]
    return [wide, without_tail, [*essential, memory], essential]


def _ratio_column(batch: int, *, bounds: bool) -> Column:
    def cell(point: Point, _: int) -> tuple[str, str]:
        latency = point.latency(batch)
        return _ratio(latency, bounds=bounds) if latency else (numbers.MISSING, "")

    return Column(f"ratio\nof {batch}", cell)


def _table(found: Frontier, columns: Sequence[Column], console: Console) -> Table:
    grid = plain_table(1)
    grid.add_column("", width=1)
    grid.add_column("form", no_wrap=True)
    for column in columns:
        grid.add_column(column.head, justify="right", no_wrap=True, vertical="bottom")
    for group, points in _groups(found).items():
        grid.add_row("", shown(console, group, "bold"))
        for point in points:
            grid.add_row(*_row(found, point, columns, console))
    return grid


def _groups(found: Frontier) -> dict[str, list[Point]]:
    """What ran, by framework and variant, in the order in which that was measured."""
    groups: dict[str, list[Point]] = {}
    ran = [point for point in found.points if point.status == "ok"]
    for one in dict.fromkeys(framework(point) for point in ran):
        for point in ran:
            if framework(point) == one:
                groups.setdefault(f"{title(one)}, {point.variant}", []).append(point)
    return groups


def _row(found: Frontier, point: Point, columns: Sequence[Column], console: Console) -> list[Text]:
    mark = shown(console, FRONT if point.pareto else "", "bold green")
    form = shown(console, point.candidate.partition("/")[2], "bold" if point.pareto else "")
    cells = (column.cell(point, found.batches[0]) for column in columns)
    return [mark, form, *(shown(console, text, style) for text, style in cells)]


def _proof(point: Point, _: int) -> tuple[str, str]:
    return (SYMBOLS[point.verdict], STYLES[point.verdict]) if point.verdict else ("", "")


def _accuracy(point: Point, _: int) -> tuple[str, str]:
    return percent(point.quality), ""


def _change(point: Point, _: int) -> tuple[str, str]:
    """Of accuracy, in points."""
    if point.lost is None:
        return numbers.MISSING, ""
    text = f"{-point.lost:+.2f}" if abs(point.lost) >= 0.005 else "0"
    return text, "red" if point.lost > 1.0 else ""


def _size(point: Point, _: int) -> tuple[str, str]:
    return numbers.size(point.size), ""


def _call(point: Point, batch: int) -> tuple[str, str]:
    latency = point.latency(batch)
    return numbers.time(latency.p50_ms * 1e3 if latency else None), ""


def _slow_call(point: Point, batch: int) -> tuple[str, str]:
    latency = point.latency(batch)
    return numbers.time(latency.p99_ms * 1e3 if latency else None), ""


def _ratio(latency: Latency, *, bounds: bool) -> tuple[str, str]:
    ratio = latency.ratio
    if ratio is None:
        return "1", ""
    text, interval = numbers.ratio_range(ratio.ratio, ratio.low, ratio.high)
    return f"{text} {interval}" if bounds else text, STYLES.get(ratio.verdict, "")


def _start(point: Point, _: int) -> tuple[str, str]:
    return numbers.seconds(point.cold_start_s), ""


def _memory(point: Point, _: int) -> tuple[str, str]:
    return numbers.memory(point.peak_memory_mb), ""


# Below it -------------------------------------------------------------------------------------


def _write_legend(found: Frontier, console: Console) -> None:
    batch = found.batches[0]
    write_line(
        console,
        f"{FRONT} on the front: nothing else is as good in accuracy, size and time with a batch of "
        f"{batch}, and better in one. A ratio is the time of a call over the baseline's "
        f"({found.baseline}), both measured in turns.",
        "dim",
    )
    if found.noise:
        floors = ", ".join(
            f"{numbers.percent(floor.fraction)} (batch of {batch})"
            for batch, floor in found.noise.items()
        )
        write_line(console, f"Two processes of the baseline differ by up to {floors}.", "dim")


def _write_slower(found: Frontier, console: Console) -> None:
    """What got slower, with the reason that was found."""
    slower = [(p, p.because) for p in found.points if p.status == "ok" and p.because]
    _write_list(console, "Slower here, and why", _by_reason(slower))


def _write_troubles(found: Frontier, console: Console) -> None:
    """What could not be had, and why."""
    missing = [(p, f"{p.status}: {p.reason}") for p in found.points if p.status != "ok"]
    _write_list(console, "Could not be had", _by_reason(missing))


def _by_reason(points: Sequence[tuple[Point, str]]) -> list[str]:
    """One item for each reason."""
    reasons: dict[str, list[str]] = {}
    for point, reason in points:
        reasons.setdefault(reason, []).append(name(point))
    return [f"{'; '.join(names)}: {reason}" for reason, names in reasons.items()]


def _write_list(console: Console, heading: str, items: Sequence[str]) -> None:
    if items:
        console.print()
        write_line(console, heading, "bold")
        for item in items:
            write_item(console, item)
