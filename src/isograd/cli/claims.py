"""`isograd claims`: what is usually said about both frameworks, and whether it is so here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import JsonOption, OutOption, duration
from isograd.cli.watch import TerminalProgress


def command(
    claim: Annotated[
        list[str] | None, typer.Argument(help="Ids of statements; by default all of them.")
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder with results of other runs, beside isograd-runs. Repeatable.",
        ),
    ] = None,
    budget: Annotated[
        str,
        typer.Option(help="For small runs that make what is missing: 90s, 5m, 1h; 0s runs none."),
    ] = "5m",
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Judge what is usually said about PyTorch and TensorFlow by what was measured here.

    Each statement has a rule; intervals and noise count. Results that are there are used, if they
    are of the installed versions and this machine; small runs make what is missing.
    """
    from isograd.report.terminal_claims import render_claims
    from isograd.run.claims import claims

    seconds = 0.0 if budget in ("0", "0s") else duration("--budget", budget)
    with TerminalProgress() as progress:
        found, folder = claims(
            claim or (), results=results or (), budget_s=seconds, out=out, progress=progress
        )
    if json:
        typer.echo(found.to_json())
    else:
        render_claims(found, Console(), report=str(folder / "claims.html"))
    raise typer.Exit(found.exit_code)
