"""Writing to a terminal of any width, with or without colour and UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from isograd.report.language import said

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
    "●": "+",
    "◐": "~",
    "○": "-",
}
"""What to write for a sign where the terminal's encoding does not have it."""


class SpokenTable(Table):
    """A table whose titles are in the language that is spoken."""

    def add_column(self, header: RenderableType = "", *args: Any, **options: Any) -> None:
        if isinstance(header, str):
            header = "\n".join(map(said, header.split("\n")))
        super().add_column(header, *args, **options)


def write_item(console: Console, text: str, command: str = "") -> None:
    """An item of a list, and a command to try beneath it."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    body = shown(console, text)
    if command:
        body.append_text(shown(console, f"\n{command}", "cyan"))
    grid.add_row(shown(console, "·"), body)
    console.print(grid)


def fits(grid: Table, console: Console) -> bool:
    """Whether a table needs no more room than there is."""
    unlimited = console.options.update(width=10_000)
    return console.measure(grid, options=unlimited).maximum <= console.width


def write_fitting(console: Console, grids: Iterable[Table]) -> None:
    """The first table that fits, or the last one; the others are not made."""
    for grid in grids:
        if fits(grid, console):
            break
    console.print(grid)


def plain_table(gap: int = 2) -> Table:
    """A table with a rule below its head and ``gap`` blanks between columns, one of which is the
    box's own."""
    return SpokenTable(
        box=box.SIMPLE_HEAD, padding=(0, gap - 1, 0, 0), pad_edge=False, show_edge=False
    )


def write_line(console: Console, text: str, style: str = "") -> None:
    """A paragraph."""
    console.print(shown(console, text, style), soft_wrap=False)


def write_indented(console: Console, text: str | Text, style: str = "", by: int = 2) -> None:
    """A paragraph that stands in by some columns, all of it; a `Text` is shown as it is."""
    body = text if isinstance(text, Text) else shown(console, text, style)
    console.print(Padding(body, (0, 0, 0, by)))


def shown(console: Console, text: str, style: str = "") -> Text:
    """Text for this terminal, in the language that is spoken: no markup, no control characters, no
    sign that it cannot show."""
    return verbatim(console, "\n".join(map(said, text.split("\n"))), style)


def verbatim(console: Console, text: str, style: str = "") -> Text:
    """`shown`, of what stays as it is in every language: code, and what a program printed."""
    printable = "".join(c if c == "\n" or c.isprintable() else " " for c in text)
    try:
        printable.encode(console.encoding)
    except UnicodeEncodeError:
        for sign, instead in ASCII.items():
            printable = printable.replace(sign, instead)
        printable = printable.encode(console.encoding, "replace").decode(console.encoding)
    return Text(printable, style=style)
