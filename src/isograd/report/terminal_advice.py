"""What `isograd advise` shows in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from isograd.advice import Advice, Reason
from isograd.report import advice_answer as say
from isograd.report.console import (
    plain_table,
    shown,
    write_fitting,
    write_indented,
    write_item,
    write_line,
)

NOTHING = "None of the answers and figures that were tried, each changed alone."

MOST_OUT = 6
"""Reasons for which something is out that the terminal lists; the page has all."""


def render_advice(found: Advice, console: Console, report: str = "") -> None:
    """Prints the answer, how sure it is, the list with what speaks against each, what would change
    it, and what it does not know."""
    console.print()
    write_line(console, say.headline(found), "bold green" if found.ranked else "bold yellow")
    certainty = say.certainty(found)
    if certainty:
        write_indented(console, certainty)
    if found.ranked:
        console.print()
        _write_list(found, console)
        _write_reasons(found, console)
    _write_changes(found, console)
    _write_items(console, "Not known here", found.cautions)
    groups = say.excluded(found)
    items = [f"{_few(what)}: {why}" for why, what in groups[:MOST_OUT]]
    _write_items(console, "Out, and why", items)
    if len(groups) > MOST_OUT:
        write_indented(console, f"... and {len(groups) - MOST_OUT} more reasons on the page.")
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def _write_list(found: Advice, console: Console) -> None:
    write_fitting(console, (_list(found, console, reasons=reasons) for reasons in (True, False)))


def _list(found: Advice, console: Console, *, reasons: bool) -> Table:
    ships = any(one.form for one in found.ranked)
    grid = plain_table()
    grid.add_column("", justify="right")
    grid.add_column("train with", no_wrap=True)
    if ships:
        grid.add_column("ship", no_wrap=True)
    grid.add_column("points", justify="right", no_wrap=True)
    if reasons:
        grid.add_column("costs it most", no_wrap=True)
    for number, one in enumerate(say.leaders(found), 1):
        style = "bold" if number == 1 else ""
        cells = [str(number), say.training(one), *([say.shipping(one)] if ships else [])]
        cells.append(say.points(one.points))
        if reasons:
            most = (f"{r.respect} {say.points(r.points)}" for r in say.strongest(one))
            cells.append(", ".join(most))
        grid.add_row(*(shown(console, cell, style) for cell in cells))
    return grid


def _write_reasons(found: Advice, console: Console) -> None:
    """The first one against the best of the other framework, respect by respect."""
    rival = say.rival(found)
    console.print()
    against = f", against {say.training(rival)}" if rival else ""
    write_line(console, f"Why {say.training(found.ranked[0])}{against}", "bold")
    for respect, mine, other in say.duel(found):
        write_item(console, f"{respect}: {_side(mine)}{_other(mine, other)}")


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 3 else ""
    return ", ".join(names[:2] if more else names) + more


def _side(reason: Reason | None) -> str:
    if reason is None:
        return "nothing"
    kind = "" if reason.kind == "measured" else f", {reason.kind}"
    return f"{reason.words} ({say.points(reason.points)}{kind})"


def _other(mine: Reason | None, other: Reason | None) -> str:
    if other is None or (mine and mine.words == other.words):
        return ""
    return f"; against {_side(other)}"


def _write_changes(found: Advice, console: Console) -> None:
    items = say.turns(found)
    if found.ranked and not items:
        items = [NOTHING]
    _write_items(console, "What would change it", items)


def _write_items(console: Console, heading: str, items: list[str]) -> None:
    if items:
        console.print()
        write_line(console, heading, "bold")
        for item in items:
            write_item(console, item)
