"""What `isograd optimize` shows in the terminal."""

from __future__ import annotations

from rich.console import Console

from isograd.frontier import Frontier, Point
from isograd.report import numbers
from isograd.report.console import plain_table, shown, write_line


def render_frontier(found: Frontier, console: Console, report: str = "") -> None:
    """Prints the points, what could not be had, the findings, and where the ``report`` lies."""
    console.print()
    if found.reason:
        write_line(console, found.reason, "bold")
    grid = plain_table()
    for name in ("", "form", "quality", "lost", "size", "latency", "ratio", "cold start", "memory"):
        grid.add_column(name, justify="left" if name in ("", "form") else "right", no_wrap=True)
    for point in found.points:
        if point.status == "ok":
            grid.add_row(*(shown(console, text) for text in _cells(point, found.batches[0])))
    console.print(grid)
    for point in found.points:
        if point.status != "ok":
            write_line(console, f"{point.id}: {point.status}: {point.reason}", "yellow")
    if report:
        write_line(console, f"Report: {report}")


def _cells(point: Point, batch: int) -> list[str]:
    latency = point.latency(batch)
    ratio = latency.ratio if latency else None
    return [
        "*" if point.pareto else "",
        point.id,
        numbers.percent(point.quality),
        numbers.plain(point.lost),
        numbers.size(point.size),
        numbers.time(latency.p50_ms * 1e3) if latency else numbers.MISSING,
        "1" if latency and not ratio else numbers.plain(ratio.ratio if ratio else None),
        numbers.seconds(point.cold_start_s),
        numbers.memory(point.peak_memory_mb),
    ]
