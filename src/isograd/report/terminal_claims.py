"""What `isograd claims` shows in the terminal: each statement, what was found, the verdict."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.text import Text

from isograd.claims.outcome import Verdict
from isograd.claims.record import Claims, Finding
from isograd.notation import numbers
from isograd.notation.names import title
from isograd.report.claims_words import (
    COLUMNS,
    STYLES,
    SYMBOLS,
    age,
    amount,
    bounds,
    counts,
    headline,
    scripts,
)
from isograd.report.console import (
    SpokenTable,
    plain_table,
    shown,
    write_indented,
    write_item,
    write_line,
)

FEW = 3
"""Up to so many statements are shown with all of their figures."""


def render_claims(found: Claims, console: Console, report: str = "") -> None:
    """Prints the table of statements, what scripts use, what was run and what was left out, and
    where the ``report`` lies. Where few were asked for, each is shown with its figures."""
    console.print()
    if found.status == "partial":
        write_line(console, f"PARTIAL RESULT. {found.reason}", "bold yellow")
    write_line(console, headline(found), "bold")
    console.print()
    if len(found.findings) <= FEW:
        for finding in found.findings:
            _write_finding(finding, console)
    else:
        _write_table(found, console)
    _write_scripts(found, console)
    _write_runs(found, console)
    _write_sources(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def _verdict(verdict: Verdict, console: Console) -> Text:
    return shown(console, f"{SYMBOLS[verdict]} {verdict}", STYLES[verdict])


def _write_table(found: Claims, console: Console) -> None:
    grid = SpokenTable(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, show_lines=True
    )
    grid.add_column("what is said", ratio=5, overflow="fold")
    grid.add_column("what was found here", ratio=9, overflow="fold")
    grid.add_column("verdict", no_wrap=True, width=15)
    for finding in found.findings:
        said = shown(console, f"{finding.statement}\n")
        said.append_text(shown(console, finding.id, "dim"))
        grid.add_row(said, shown(console, finding.result), _verdict(finding.verdict, console))
    console.print(grid)


def _write_finding(finding: Finding, console: Console) -> None:
    write_line(console, finding.statement, "bold")
    console.print(_verdict(finding.verdict, console))
    write_indented(console, finding.result)
    write_indented(console, f"Tested: {finding.tested}", "dim")
    if finding.limits:
        write_indented(console, f"Left open: {finding.limits}", "dim")
    if finding.figures:
        grid = plain_table(1)
        for head in ("says", "of", "what"):
            grid.add_column(head, overflow="fold")
        grid.add_column("figure", justify="right", overflow="fold")
        for figure in finding.figures:
            value = " ".join(filter(None, (amount(figure), bounds(figure))))
            cells = (figure.vote or numbers.MISSING, figure.subject, figure.what, value)
            grid.add_row(*(shown(console, cell) for cell in cells))
        console.print(grid)
    for source in finding.sources:
        write_indented(console, f"Said in: {source.title}, {source.url}", "dim")
    console.print()


def _write_scripts(found: Claims, console: Console) -> None:
    if not found.scripts or not any(one.id == "simpler-api" for one in found.findings):
        return
    console.print()
    write_line(console, "What a script uses", "bold")
    grid = plain_table(1)
    grid.add_column("network")
    grid.add_column("framework")
    for column in COLUMNS:
        grid.add_column(column, justify="right", vertical="bottom")
    for network, origin, sides in scripts(found):
        for number, one in enumerate(sides):
            name = "" if number else f"{network} ({origin})"
            cells = (name, title(one.framework), *counts(one.usage))
            grid.add_row(*(shown(console, cell) for cell in cells))
    console.print(grid)


def _write_runs(found: Claims, console: Console) -> None:
    if not found.runs:
        return
    console.print()
    write_line(console, "Run to make what was missing", "bold")
    for run in found.runs:
        if run.status == "ok":
            write_item(console, f"{run.about}: {numbers.seconds(run.seconds)}")
        else:
            write_item(console, f"{run.about}: {run.status}. {run.reason}", run.command)
    if any(run.status == "skipped" for run in found.runs):
        write_line(console, "Run it again to make the rest: what is there is used.", "dim")


def _write_sources(found: Claims, console: Console) -> None:
    if found.used:
        console.print()
        write_line(console, "Results that it follows from", "bold")
        for used in found.used:
            write_item(console, f"{used.path}, {age(used.age_s)} old")
    if found.left:
        console.print()
        write_line(console, "Results that do not count", "bold")
        for left in found.left:
            write_item(console, f"{left.path}: {left.reason}")
