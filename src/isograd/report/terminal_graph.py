"""What a user sees at the end of `isograd graph`."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.filesize import decimal

from isograd.report import numbers
from isograd.report.console import (
    fits,
    plain_table,
    shown,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.names import title
from isograd.views import Event, Graphs, Overlay, Phase, View

PHASES: tuple[Phase, ...] = ("forward", "loss", "backward", "update", "other")
"""The columns of operations; what only holds a value is counted in none of them."""

FIGURES = 3
"""Figures of a view that are told; the page has all."""

SLOWEST = 3
EVENTS = 6

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
    phases = [p for p in PHASES if any(view.count().get(p) for view in views)]
    table = plain_table(2)
    table.add_column(name)
    for phase in ("operations", *phases):
        table.add_column(phase, justify="right")
    table.add_column("the framework's own figures")
    for view in views:
        if view.status == "skipped":
            reason = shown(console, f"not shown: {view.reason}", "yellow")
            table.add_row(view.stage, *[""] * (len(phases) + 1), reason)
            continue
        counts = view.count()
        cells = [counts.get(phase, 0) for phase in phases]
        figures = ", ".join(_figure(*item) for item in list(view.figures.items())[:FIGURES])
        if view.status == "partial":
            figures = f"only a part of it: {view.reason}"
        row = (str(n) if n else "" for n in cells)
        table.add_row(view.stage, str(sum(cells)), *row, shown(console, figures))
    if not fits(table, console):
        table.columns[-1].overflow = "fold"
    console.print(table)


def _figure(name: str, value: float) -> str:
    words = name.replace("_", " ")
    if name.endswith("bytes"):
        return f"{words.removesuffix(' bytes')} {decimal(int(value))}"
    return f"{words} {value:,.12g}"


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
    events = [(view.id, event) for view in found.views for event in view.events]
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
    return f"{event.text}{times}{where}"


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
