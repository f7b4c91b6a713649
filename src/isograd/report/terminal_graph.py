"""What a user sees at the end of `isograd graph`."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from isograd.notation import numbers
from isograd.notation.names import title
from isograd.report.console import (
    plain_table,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.language import said
from isograd.views import Event, Graphs, Overlay, Phase, View

PHASES: tuple[Phase, ...] = ("forward", "loss", "backward", "update", "other")
"""The columns of operations; what only holds a value is counted in none of them."""

FIGURES = {
    "kernels": "kernels",
    "fusions": "fusions",
    "graph_breaks": "graph breaks",
    "traces": "traces",
    "flops": "flops",
    "flops_forward": "flops forward",
    "flops_backward": "flops backward",
    "saved_bytes": "kept for backward",
}
"""What the framework counts that is told here; the page has all of it."""

MANY = 1e6
"""Numbers from here on are told in millions."""

SLOWEST = 3
EVENTS = 6
"""Events that are told, the first of each view before the second of any."""

SHOWN_CHANGES = 3
"""Changes between two views that are told, the largest first."""


def render_graphs(found: Graphs, console: Console, report: str = "") -> None:
    """Prints a table of the views, what the optimisers did, what tracing showed, where the time
    goes, and where the ``report`` lies."""
    console.print()
    parameters = numbers.count(found.parameters)
    line = f"{found.model}: one training step of {found.batch_size} examples, {found.training}, "
    write_line(console, f"{line}{parameters} parameters", "bold")
    for framework, views in groupby(found.views, lambda view: view.framework):
        console.print()
        _print_views(title(framework), list(views), console)
    _print_changes(found, console)
    _print_events(found, console)
    _print_overlays(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def _print_views(name: str, views: list[View], console: Console) -> None:
    """The views side by side; operations by phase, and what the framework itself counts."""
    shown_views = [view for view in views if view.status != "skipped"]
    if shown_views:
        console.print(_table(name, shown_views))
    for view in views:
        if view.status == "skipped":
            write_line(console, f"{view.id} is not shown: {view.reason}", "yellow")
        elif view.status == "partial":
            write_line(console, f"{view.id} is shown in part: {view.reason}", "yellow")


def _table(name: str, views: list[View]) -> Table:
    table = plain_table(2)
    table.add_column(name, overflow="fold")
    for view in views:
        table.add_column(view.stage, justify="right")
    counts = [view.count() for view in views]
    totals = (sum(count.get(phase, 0) for phase in PHASES) for count in counts)
    table.add_row(said("operations"), *map(str, totals), style="bold")
    for phase in PHASES:
        cells = [count.get(phase, 0) for count in counts]
        if any(cells):
            table.add_row(f"  {said(phase)}", *(str(n) if n else "" for n in cells))
    for figure, words in FIGURES.items():
        amounts = [_amount(figure, view.figures.get(figure)) for view in views]
        if any(amounts):
            table.add_row(said(words), *amounts, style="dim")
    return table


def _amount(figure: str, value: float | None) -> str:
    """Large numbers in short: ``1.6M``, ``29.6 kB``."""
    if value is None:
        return ""
    if figure.endswith("bytes"):
        return decimal(int(value))
    return f"{value:,.12g}" if value < MANY else f"{value / 1e6:,.3g}M"


def _print_changes(found: Graphs, console: Console) -> None:
    pairs = groupby(found.changes, lambda change: (change.before, change.after))
    for number, ((before, after), changes) in enumerate(pairs):
        console.print()
        if not number:
            write_line(console, "What was done to the graphs", "bold")
        write_line(console, f"{before} → {after}")
        for change in sorted(changes, key=lambda one: -one.count)[:SHOWN_CHANGES]:
            write_item(console, change.text)


def _print_events(found: Graphs, console: Console) -> None:
    numbered = [(n, v.id, event) for v in found.views for n, event in enumerate(v.events)]
    events = [(name, event) for _, name, event in sorted(numbered, key=lambda one: one[0])]
    if not events:
        return
    console.print()
    write_line(console, "What tracing and compiling made visible", "bold")
    for name, event in events[:EVENTS]:
        write_item(console, f"{name}: {_event(event)}")
    if len(events) > EVENTS:
        write_indented(console, f"and {len(events) - EVENTS} more in the report", "dim")


def _event(event: Event) -> str:
    times = f" ({event.count} times)" if event.count > 1 else ""
    where = f", at {event.source}" if event.source else ""
    return f"{event.text.rstrip('.')}{times}{where}"


def _print_overlays(found: Graphs, console: Console) -> None:
    timed = [one for one in found.overlays if one.unit == "us" and one.values]
    if not timed:
        return
    console.print()
    write_line(console, "Where the time of a step goes", "bold")
    for overlay in timed:
        write_item(console, _time(overlay))


def _time(overlay: Overlay) -> str:
    top = sorted(overlay.values.items(), key=lambda item: -item[1])[:SLOWEST]
    whole = overlay.total or sum(overlay.values.values()) + sum(overlay.outside.values())
    parts = [f"{name} {value / whole:.0%}" for name, value in (*top, *overlay.outside.items())]
    total = numbers.time(whole)
    return f"{title(overlay.framework)} {overlay.quantity}, {total}: {', '.join(parts)}"
