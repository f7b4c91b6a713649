"""`isograd doctor`: what can run here, and what is missing."""

from __future__ import annotations

import typer
from rich.console import Console

from isograd.cli.options import JsonOption


def command(
    json: JsonOption = False,
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
