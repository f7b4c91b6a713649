"""`isograd doctor`: what can run here, and what is missing."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console


def command(
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Say what this machine has, what can run here, and how to install what is missing.

    Every mode is tried with something small. Ends with 0 where all that is needed works, else 3.
    """
    from isograd.report.terminal_doctor import render_doctor
    from isograd.run.doctor import doctor

    found = doctor()
    if json:
        typer.echo(found.to_json())
    else:
        render_doctor(found, Console())
    raise typer.Exit(found.exit_code)
