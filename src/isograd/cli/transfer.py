"""`isograd transfer`: a checkpoint to the twin's side of a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.watch import TerminalProgress


def command(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            help="A .safetensors file, the index or folder of a sharded one, or a .pt, .weights.h5 "
            "or .keras file."
        ),
    ],
    mapping: Annotated[Path, typer.Option(help="mapping.json of a converted network.")],
    to: Annotated[str, typer.Option(help="torch, tensorflow, or a side: reference, twin.")],
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    source: Annotated[
        str | None, typer.Option("--from", help="Default: the mapping's other side.")
    ] = None,
    optimizer: Annotated[
        Path | None,
        typer.Option(help="A .pt file with the optimizer's state_dict, if it has its own."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Leave out what matches, for instance 'optimizer/*'. Repeatable."),
    ] = None,
    shard_size: Annotated[
        float | None, typer.Option(min=0.001, help="GB that a file may hold; default: one file.")
    ] = None,
) -> None:
    """Move weights, running statistics and optimizer state between twins."""
    from isograd.run.transfer import transfer

    with TerminalProgress() as progress:
        done = transfer(
            checkpoint,
            mapping,
            to,
            out,
            source=source,
            optimizer=optimizer,
            ignore=ignore or (),
            shard_size=None if shard_size is None else int(shard_size * 1e9),
            progress=progress,
        )
    console = Console()
    if done.left_out:
        console.print(f"left out  {', '.join(done.left_out)}", highlight=False, markup=False)
    for path in done.files:
        console.print(f"[dim]written[/dim] {path}", highlight=False)
