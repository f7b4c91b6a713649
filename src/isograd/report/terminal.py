"""What a user sees at the end of a command, at any width, with or without colour and UTF-8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from isograd.report import numbers, table
from isograd.report.advice import Caution, absences, cautions, noise_sentence
from isograd.report.answer import answer, gravest, proof_sentence
from isograd.report.names import SYMBOLS, title
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

STYLES = {
    "equivalent": "green",
    "different": "bold red",
    "inconclusive": "yellow",
    "unsupported": "yellow",
    "faster": "green",
    "slower": "red",
}

ASCII = {
    "µ": "u",
    "×": "x",
    "–": "-",
    "—": "-",
    "→": "->",
    "✓": "=",
    "≠": "!",
    "∅": "/",
    "∞": "inf",
    "·": "-",
    "…": "...",
    "±": "+-",
}
"""What to write for a sign where the terminal's encoding does not have it."""


def render(result: Result, console: Console, report: str = "") -> None:
    """Prints a result: answer, modes, noise floor, cautions, and where the ``report`` lies."""
    console.print()
    _print_answer(result, console)
    console.print()
    _print_modes(result, console)
    console.print()
    _line(console, noise_sentence(result), "dim")
    _print_list(console, "Findings", result.findings)
    _print_list(console, "Declared differences", result.declared)
    _print_cautions(cautions(result), console)
    if report:
        console.print()
        _line(console, f"Report: {report}")


def render_proof(proofs: Mapping[str, Proof], console: Console) -> None:
    """Prints the stages of each mode's proof, then the answer. Keys are ``framework/mode``."""
    console.print()
    whole = _proof_table(proofs, console)
    if _fits(whole, console):
        console.print(whole)
    else:
        for framework in dict.fromkeys(label.partition("/")[0] for label in proofs):
            part = {k: v for k, v in proofs.items() if k.partition("/")[0] == framework}
            console.print(_proof_table(part, console), end="\n\n")
    signs = "  ".join(f"{sign} {verdict}" for verdict, sign in SYMBOLS.items())
    _line(console, f"{signs}; figures are multiples of the rounding envelope.", "dim")
    console.print()
    verdict = gravest(proof.verdict for proof in proofs.values())
    style = STYLES[verdict] if verdict else "yellow"
    _line(console, proof_sentence(verdict, proofs, len(proofs)), f"bold {style}")
    for label, proof in proofs.items():
        for stage in proof.stages:
            if stage.verdict != "equivalent":
                _indented(console, f"{label}, {stage.name}: {_why(stage)}")


def render_derivatives(rows: Sequence[DerivativeRow], console: Console) -> None:
    """Prints coordinates of the gradient: analytic, automatic and by finite differences."""
    if not rows:
        _line(console, "No derivatives were recorded.")
        return
    frameworks = list(dict.fromkeys(name for row in rows for name in row.automatic))
    digits = 12 if console.width >= 40 + 20 * (len(frameworks) + 2) else 6
    grid = _grid()
    grid.add_column("coordinate", overflow="fold")
    for name in ("analytic", *(title(f) for f in frameworks), "differences"):
        grid.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        automatic = [row.automatic.get(name) for name in frameworks]
        values = [row.analytic, *automatic, row.finite_difference]
        figures = [numbers.scientific(value, digits) for value in values]
        place = f"{row.tensor}[{', '.join(map(str, row.index))}]"
        grid.add_row(_text(console, place), *(_text(console, figure) for figure in figures))
    console.print()
    console.print(grid)


def render_missing(modes: Sequence[Mode], console: Console) -> None:
    """Prints which modes could not run, why, and what to do; nothing if all of them ran."""
    _print_cautions(absences(modes), console)


def _print_answer(result: Result, console: Console) -> None:
    found = answer(result)
    if found.partial:
        _line(console, f"PARTIAL RESULT. {found.partial}", "bold yellow")
    style = STYLES[found.verdict] if found.verdict else "yellow"
    _line(console, found.proof, f"bold {style}")
    _line(console, found.overall, "bold" if found.winner else "bold yellow")
    for sentence in found.frameworks:
        _indented(console, sentence)


def _print_modes(result: Result, console: Console) -> None:
    """The mode table in the richest layout that fits."""
    rows = table.rows(result)
    for layout in LAYOUTS:
        grid = _mode_table(result.modes, rows, layout, console)
        if _fits(grid, console):
            break
    console.print(grid)
    if layout.keys != ALL:
        _line(console, "A wider terminal shows more columns; the report has them all.", "dim")


def _fits(grid: Table, console: Console) -> bool:
    unlimited = console.options.update(width=10_000)
    return console.measure(grid, options=unlimited).maximum <= console.width


def _mode_table(
    modes: Sequence[Mode], rows: Sequence[table.Row], layout: Layout, console: Console
) -> Table:
    columns = [column for column in table.COLUMNS if column.key in layout.keys]
    grid = _grid(layout.gap)
    grid.add_column("mode", no_wrap=True)
    for column in columns:
        grid.add_column(
            column.title if layout.long else column.short,
            justify="left" if column.key == "proof" else "right",
            no_wrap=True,
        )
    for framework in dict.fromkeys(mode.framework for mode in modes):
        grid.add_row(_text(console, title(framework), "bold"))
        for row in (row for row in rows if row.mode.framework == framework):
            cells = [_cell_text(row, column.key, layout, console) for column in columns]
            grid.add_row(_text(console, f"  {row.mode.mode}"), *cells)
    return grid


def _cell_text(row: table.Row, key: str, layout: Layout, console: Console) -> Text:
    cell = row.cells[key]
    if key == "proof" and row.mode.verdict is None:
        return _text(console, row.mode.status, "yellow")
    style = STYLES.get(cell.text if key == "proof" else cell.pace, "")
    text = Text().append_text(_text(console, cell.text, style))
    if cell.bounds:
        text.append(" " if layout.beside else "\n")
        text.append_text(_text(console, cell.bounds, "dim"))
    return text


def _print_list(console: Console, heading: str, lines: Sequence[str]) -> None:
    if lines:
        console.print()
        _line(console, heading, "bold")
    for line in lines:
        _item(console, line)


def _print_cautions(found: Sequence[Caution], console: Console) -> None:
    if found:
        console.print()
        _line(console, "Cautions", "bold yellow")
    for caution in found:
        _item(console, caution.text, f"try: {caution.next}" if caution.next else "")


def _item(console: Console, text: str, command: str = "") -> None:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    body = _text(console, text)
    if command:
        body.append_text(_text(console, f"\n{command}", "cyan"))
    grid.add_row(_text(console, "·"), body)
    console.print(grid)


def _proof_table(proofs: Mapping[str, Proof], console: Console) -> Table:
    names = list(dict.fromkeys(stage.name for proof in proofs.values() for stage in proof.stages))
    grid = _grid()
    grid.add_column("stage", no_wrap=True)
    for label in proofs:
        framework, _, mode = label.partition("/")
        grid.add_column(_text(console, f"{title(framework)}\n{mode}"), no_wrap=True)
    for name in names:
        found = [{s.name: s for s in proof.stages}.get(name) for proof in proofs.values()]
        grid.add_row(_text(console, name), *(_stage_text(console, stage) for stage in found))
    return grid


def _stage_text(console: Console, stage: Stage | None) -> Text:
    if stage is None:
        return _text(console, numbers.MISSING)
    text = _text(console, SYMBOLS[stage.verdict], STYLES[stage.verdict])
    if stage.envelope > 0:
        text.append_text(_text(console, f" {numbers.multiple(stage.ratio)}"))
    if stage.verdict != "equivalent":
        text.append_text(_text(console, f"\n{stage.verdict}", STYLES[stage.verdict]))
    return text


def _why(stage: Stage) -> str:
    parts = [stage.worst, stage.detail]
    if stage.envelope > 0:
        parts.append(f"{numbers.multiple(stage.ratio)} the envelope of {stage.envelope:.1e}")
    return "; ".join(part for part in parts if part)


def _grid(gap: int = 2) -> Table:
    """The box itself has one blank between columns."""
    return Table(box=box.SIMPLE_HEAD, padding=(0, gap - 1, 0, 0), pad_edge=False, show_edge=False)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(_text(console, text, style), soft_wrap=False)


def _indented(console: Console, text: str) -> None:
    console.print(Padding(_text(console, text), (0, 0, 0, 2)))


def _text(console: Console, text: str, style: str = "") -> Text:
    """Text for this terminal: no markup, no control characters, no sign that it cannot show."""
    printable = "".join(c if c == "\n" or c.isprintable() else " " for c in text)
    try:
        printable.encode(console.encoding)
    except UnicodeEncodeError:
        for sign, instead in ASCII.items():
            printable = printable.replace(sign, instead)
        printable = printable.encode(console.encoding, "replace").decode(console.encoding)
    return Text(printable, style=style)
