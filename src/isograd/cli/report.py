"""`isograd report`: renders a saved result again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def command(
    result: Annotated[Path, typer.Argument(help="A result.json, or the folder it lies in.")],
    out: Annotated[
        Path | None, typer.Option(help="Also write report.html and report.md into this folder.")
    ] = None,
) -> None:
    """Show a saved result again, and write its pages anew."""
    from isograd.report import terminal, write
    from isograd.result import Result

    found = Result.read(result / "result.json" if result.is_dir() else result)
    console = Console()
    terminal.render(found, console)
    if out is not None:
        for path in write(found, out):
            console.print(f"[dim]written[/dim] {path}", highlight=False)
