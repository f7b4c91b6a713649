"""`isograd emit`: native source and weights of a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    IdiomaticOption,
    InputLayoutOption,
    InputOption,
    ModelArgument,
    TrustOption,
)
from isograd.cli.watch import load_network


def command(
    model: ModelArgument,
    to: Annotated[str, typer.Option(help="torch or tensorflow.")],
    out: Annotated[
        Path | None, typer.Option(help="Write model.py and weights.safetensors there.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the initial weights.")] = 0,
    idiomatic: IdiomaticOption = False,
    input_layout: InputLayoutOption = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
) -> None:
    """Print a network's source in one framework, or write it with its weights."""
    from isograd.run.emit import emit, write_emitted

    found = load_network(model, inputs, trust=trust)
    emitted = emit(found, to, idiomatic=idiomatic, input_layout=input_layout)
    console = Console()
    if out is None:
        console.file.write(emitted.source)
        return
    for path in write_emitted(found, emitted, out, seed=seed):
        console.print(f"[dim]written[/dim] {path}", highlight=False)
