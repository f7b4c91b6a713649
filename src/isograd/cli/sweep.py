"""`isograd sweep`: every cell of a grid, and from which batch size on which mode is fastest."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from isograd.cli.options import JsonOption
from isograd.cli.watch import TerminalProgress

if TYPE_CHECKING:
    from isograd.sweeping.grid import Grid


def command(
    grid: Annotated[
        Path, typer.Argument(help="A TOML file: models, modes, batch_sizes, precisions, seeds.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the result; that of a sweep goes on where it stopped. Default: a new "
            "one in isograd-runs."
        ),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Of a Ray cluster: ray://HOST:10001. Default: this machine.")
    ] = "",
    parallel: Annotated[
        int,
        typer.Option(
            min=1, help="Cells at a time on each machine; their times disturb each other."
        ),
    ] = 1,
    again: Annotated[
        bool, typer.Option("--again", help="Try cells again that failed the last time.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the cells; run nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Measure many networks, modes and batch sizes, and say which is fastest from where on."""
    from isograd.report.terminal_sweep import render_sweep
    from isograd.run.sweep import Where, sweep
    from isograd.sweeping.grid import read_grid

    wanted = read_grid(grid)
    console = Console(stderr=True, highlight=False)
    if dry_run:
        _list(wanted)
        raise typer.Exit()
    console.print(_size(wanted, parallel))
    with TerminalProgress() as progress:
        found, folder = sweep(
            wanted, out=out, where=Where(address, parallel), again=again, progress=progress
        )
    if json:
        typer.echo(found.to_json())
    else:
        render_sweep(found, Console(), report=str(folder / "sweep.html"))
        if found.missing:
            words = ["isograd", "sweep", str(grid), "--out", str(folder)]
            typer.echo(f"Go on: {shlex.join(words)}")
    raise typer.Exit(found.exit_code)


def _size(grid: Grid, parallel: int) -> str:
    groups = len({cell.group for cell in grid.cells.values()})
    each = "one at a time" if parallel == 1 else f"{parallel} at a time"
    return f"{len(grid.cells)} cells in {groups} groups (network, batch size, seed); {each}."


def _list(grid: Grid) -> None:
    for key, cell in grid.cells.items():
        typer.echo(f"{key}  {cell.label}")
    typer.echo(_size(grid, 1))
