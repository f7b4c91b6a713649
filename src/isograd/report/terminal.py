"""What a user sees at the end of a command, at any width, with or without colour and UTF-8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isograd.notation import numbers
from isograd.notation.names import SYMBOLS, title
from isograd.report import table
from isograd.report.advice import Caution, absences, cautions, noise_sentence
from isograd.report.answer import answer, gravest, proof_sentence
from isograd.report.console import (
    STYLES,
    fits,
    plain_table,
    shown,
    write_indented,
    write_item,
    write_line,
)
from isograd.result import DerivativeRow, Mode, Proof, Result, Stage


@dataclass(frozen=True)
class Layout:
    """``beside``: intervals stand beside their medians, not below; ``long``: titles in full."""

    gap: int
    beside: bool
    long: bool
    keys: tuple[str, ...]


ALL = tuple(column.key for column in table.COLUMNS)
ESSENTIAL = ("proof", "step", "ratio")

LAYOUTS = (
    Layout(3, True, True, ALL),
    Layout(2, True, False, ALL),
    Layout(1, False, False, ALL),
    Layout(1, False, False, ESSENTIAL),
)
"""The first that fits the terminal is taken."""


def render(result: Result, console: Console, report: str = "") -> None:
    """Prints a result: answer, modes, noise floor, cautions, and where the ``report`` lies."""
    console.print()
    _print_answer(result, console)
    console.print()
    _print_modes(result, console)
    console.print()
    write_line(console, noise_sentence(result), "dim")
    _print_list(console, "Findings", result.findings)
    _print_list(console, "Declared differences", result.declared)
    _print_cautions(cautions(result), console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def render_proof(proofs: Mapping[str, Proof], console: Console) -> None:
    """Prints the stages of each mode's proof, then the answer. Keys are ``framework/mode``."""
    console.print()
    write_stages(proofs, console)
    console.print()
    verdict = gravest(proof.verdict for proof in proofs.values())
    style = STYLES[verdict] if verdict else "yellow"
    write_line(console, proof_sentence(verdict, proofs, len(proofs)), f"bold {style}")
    for label, proof in proofs.items():
        for stage in proof.stages:
            if stage.verdict != "equivalent":
                write_indented(console, f"{label}, {stage.name}: {_why(stage)}")


def write_stages(proofs: Mapping[str, Proof], console: Console) -> None:
    """The stages of each proof as a table, in parts where one does not fit."""
    whole = _stage_table(proofs, console)
    if fits(whole, console):
        console.print(whole)
    else:
        for framework in dict.fromkeys(label.partition("/")[0] for label in proofs):
            part = {k: v for k, v in proofs.items() if k.partition("/")[0] == framework}
            console.print(_stage_table(part, console), end="\n\n")
    signs = "  ".join(f"{sign} {verdict}" for verdict, sign in SYMBOLS.items())
    write_line(console, f"{signs}; figures are multiples of the rounding envelope.", "dim")


def render_derivatives(rows: Sequence[DerivativeRow], console: Console) -> None:
    """Prints coordinates of the gradient: analytic, automatic and by finite differences."""
    if not rows:
        write_line(console, "No derivatives were recorded.")
        return
    frameworks = list(dict.fromkeys(name for row in rows for name in row.automatic))
    digits = 12 if console.width >= 40 + 20 * (len(frameworks) + 2) else 6
    grid = plain_table()
    grid.add_column("coordinate", overflow="fold")
    for name in ("analytic", *(title(f) for f in frameworks), "differences"):
        grid.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        automatic = [row.automatic.get(name) for name in frameworks]
        values = [row.analytic, *automatic, row.finite_difference]
        figures = [numbers.scientific(value, digits) for value in values]
        place = f"{row.tensor}[{', '.join(map(str, row.index))}]"
        grid.add_row(shown(console, place), *(shown(console, figure) for figure in figures))
    console.print()
    console.print(grid)


def render_missing(modes: Sequence[Mode], console: Console) -> None:
    """Prints which modes could not run, why, and what to do; nothing if all of them ran."""
    _print_cautions(absences(modes), console)


def _print_answer(result: Result, console: Console) -> None:
    found = answer(result)
    if found.partial:
        write_line(console, f"PARTIAL RESULT. {found.partial}", "bold yellow")
    style = STYLES[found.verdict] if found.verdict else "yellow"
    write_line(console, found.proof, f"bold {style}")
    write_line(console, found.overall, "bold" if found.winner else "bold yellow")
    for sentence in found.frameworks:
        write_indented(console, sentence)


def _print_modes(result: Result, console: Console) -> None:
    """The mode table in the richest layout that fits."""
    rows = table.rows(result)
    for layout in LAYOUTS:
        grid = _mode_table(result.modes, rows, layout, console)
        if fits(grid, console):
            break
    console.print(grid)
    if layout.keys != ALL:
        write_line(console, "A wider terminal shows more columns; the report has them all.", "dim")


def _mode_table(
    modes: Sequence[Mode], rows: Sequence[table.Row], layout: Layout, console: Console
) -> Table:
    columns = [column for column in table.COLUMNS if column.key in layout.keys]
    grid = plain_table(layout.gap)
    grid.add_column("mode", no_wrap=True)
    for column in columns:
        grid.add_column(
            column.title if layout.long else column.short,
            justify="left" if column.key == "proof" else "right",
            no_wrap=True,
        )
    for framework in dict.fromkeys(mode.framework for mode in modes):
        grid.add_row(shown(console, title(framework), "bold"))
        for row in (row for row in rows if row.mode.framework == framework):
            cells = [_cell_text(row, column.key, layout, console) for column in columns]
            grid.add_row(shown(console, f"  {row.mode.mode}"), *cells)
    return grid


def _cell_text(row: table.Row, key: str, layout: Layout, console: Console) -> Text:
    cell = row.cells[key]
    if key == "proof" and row.mode.verdict is None:
        return shown(console, row.mode.status, "yellow")
    style = STYLES.get(cell.text if key == "proof" else cell.pace, "")
    text = Text().append_text(shown(console, cell.text, style))
    if cell.bounds:
        text.append(" " if layout.beside else "\n")
        text.append_text(shown(console, cell.bounds, "dim"))
    return text


def _print_list(console: Console, heading: str, lines: Sequence[str]) -> None:
    if lines:
        console.print()
        write_line(console, heading, "bold")
    for line in lines:
        write_item(console, line)


def _print_cautions(found: Sequence[Caution], console: Console) -> None:
    if found:
        console.print()
        write_line(console, "Cautions", "bold yellow")
    for caution in found:
        write_item(console, caution.text, f"try: {caution.next}" if caution.next else "")


def _stage_table(proofs: Mapping[str, Proof], console: Console) -> Table:
    names = list(dict.fromkeys(stage.name for proof in proofs.values() for stage in proof.stages))
    grid = plain_table()
    grid.add_column("stage", no_wrap=True)
    for label in proofs:
        framework, _, mode = label.partition("/")
        grid.add_column(shown(console, f"{title(framework)}\n{mode}"), no_wrap=True)
    for name in names:
        found = [{s.name: s for s in proof.stages}.get(name) for proof in proofs.values()]
        grid.add_row(shown(console, name), *(_stage_text(console, stage) for stage in found))
    return grid


def _stage_text(console: Console, stage: Stage | None) -> Text:
    if stage is None:
        return shown(console, numbers.MISSING)
    text = shown(console, SYMBOLS[stage.verdict], STYLES[stage.verdict])
    if stage.envelope > 0:
        text.append_text(shown(console, f" {numbers.multiple(stage.ratio)}"))
    if stage.verdict != "equivalent":
        text.append_text(shown(console, f"\n{stage.verdict}", STYLES[stage.verdict]))
    return text


def _why(stage: Stage) -> str:
    parts = [stage.worst, stage.detail]
    if stage.envelope > 0:
        parts.append(f"{numbers.multiple(stage.ratio)} the envelope of {stage.envelope:.1e}")
    return "; ".join(part for part in parts if part)
