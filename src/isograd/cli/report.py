"""`isograd report`: renders a saved result again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def command(
    result: Annotated[Path, typer.Argument(help="A result.json, or the folder it lies in.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Also write the result and its pages there: over older pages of the same "
            "result, never over another result."
        ),
    ] = None,
) -> None:
    """Show a saved result again; with --out, write its pages anew."""
    from isograd.report import terminal, write
    from isograd.result import Result

    found = Result.read(result / "result.json" if result.is_dir() else result)
    console = Console()
    terminal.render(found, console)
    if out is not None:
        saved = out / "result.json"
        same = saved.exists() and Result.read(saved).to_json() == found.to_json()
        for path in write(found, out, replace=same):
            console.print(f"[dim]written[/dim] {path}", highlight=False)
