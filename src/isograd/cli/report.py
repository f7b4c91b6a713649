"""`isograd report`: renders a saved result again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def command(
    result: Annotated[
        Path, typer.Argument(help="The JSON file that a command saved, or the folder it lies in.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Also write the result and its pages there: over older pages of the same "
            "result, never over another result."
        ),
    ] = None,
) -> None:
    """Show a saved result again; with --out, write its pages anew."""
    from isograd.report import saved

    found = saved.read(result)
    console = Console()
    found.render(console)
    for path in found.write(out) if out else ():
        console.print(f"[dim]written[/dim] {path}", highlight=False)
