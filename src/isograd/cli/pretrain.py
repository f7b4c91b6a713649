"""`isograd pretrain`: a small language model, step by step the same in both frameworks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import JsonOption, ModesOption, OutOption, ThreadsOption, TimeoutOption
from isograd.cli.watch import TerminalProgress


class Kind(StrEnum):
    """What the network learns: the next token, or tokens that are hidden."""

    gpt = "gpt"
    bert = "bert"


def command(
    text: Annotated[
        Path | None,
        typer.Option(help="A text file, paragraph by paragraph. Default: embedded stories."),
    ] = None,
    kind: Annotated[
        Kind, typer.Option(help="gpt: the next token; bert: tokens that are hidden.")
    ] = Kind.gpt,
    width: Annotated[int, typer.Option(min=2, help="Of the hidden states.")] = 64,
    depth: Annotated[int, typer.Option(min=1, help="Blocks.")] = 2,
    heads: Annotated[int, typer.Option(min=1, help="Of attention.")] = 2,
    context: Annotated[int, typer.Option(min=4, help="Tokens of the longest text.")] = 64,
    vocabulary: Annotated[int, typer.Option(min=1, help="Tokens, bytes included.")] = 1024,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 1000,
    batch_size: Annotated[int, typer.Option(min=1, help="Windows per step.")] = 16,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", "--lr", min=0.0, help="Of AdamW.")
    ] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, masks and batches.")] = 0,
    modes: ModesOption = None,
    threads: ThreadsOption = 1,
    measure: Annotated[
        float, typer.Option(min=0.0, help="Seconds that steps may be timed for.")
    ] = 4.0,
    timeout: TimeoutOption = 600.0,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Pretrain a small language model in both frameworks, and prove every step the same."""
    from isograd.report.terminal_tuning import render_tuning
    from isograd.run.pretrain import USUAL_MODES, Request, pretrain
    from isograd.text.presets import Sizes

    request = Request(
        kind=kind.value,
        text=text,
        sizes=Sizes(width, depth, heads, context),
        vocabulary=vocabulary,
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        modes=tuple(modes or USUAL_MODES),
        threads=threads,
        measure_s=measure,
        timeout_s=timeout,
    )
    with TerminalProgress() as progress:
        found, directory = pretrain(request, out=out, progress=progress)
    if json:
        typer.echo(found.to_json())
    else:
        render_tuning(found, Console(), report=str(directory / "tuning.html"))
        for path in found.written.values():
            typer.echo(f"Model: {directory / path}")
    raise typer.Exit(found.exit_code)
