"""`isograd finetune`: a checkpoint learns to classify, the same way in both frameworks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import JsonOption, ModesOption, OutOption, ThreadsOption, TimeoutOption
from isograd.cli.watch import TerminalProgress


def command(
    folder: Annotated[
        Path,
        typer.Argument(help="A checkpoint: config.json, model.safetensors, tokenizer.json."),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="A .csv, .jsonl or .parquet table with the columns text and label. Default: "
            "embedded reviews."
        ),
    ] = None,
    lora: Annotated[
        int, typer.Option(min=0, help="Rank of the adapters; 0 trains without them.")
    ] = 8,
    alpha: Annotated[float, typer.Option(help="Scale of the adapters, over their rank.")] = 16.0,
    target: Annotated[
        list[str] | None,
        typer.Option(help="Last name of a layer to adapt. Repeatable. Default: query and value."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training texts.")] = 4,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings from different seeds.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Texts per step.")] = 32,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--learning-rate", "--lr", min=0.0, help="Of AdamW. Default: 0.0005, adapters 0.002."
        ),
    ] = None,
    length: Annotated[
        int | None, typer.Option(min=4, help="Tokens of a text. Default: those of the longest.")
    ] = None,
    modes: ModesOption = None,
    threads: ThreadsOption = 1,
    measure: Annotated[
        float, typer.Option(min=0.0, help="Seconds that steps may be timed for.")
    ] = 6.0,
    timeout: TimeoutOption = 600.0,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Fine-tune a checkpoint in both frameworks: all of it, and adapters of low rank (LoRA)."""
    from isograd.report.terminal_tuning import render_tuning
    from isograd.run.finetune import Request, finetune
    from isograd.run.pretrain import USUAL_MODES
    from isograd.text.lora import USUAL

    request = Request(
        data=data,
        rank=lora,
        alpha=alpha,
        targets=tuple(target or USUAL),
        epochs=epochs,
        seeds=seeds,
        batch_size=batch_size,
        learning_rate=learning_rate,
        length=length,
        modes=tuple(modes or USUAL_MODES),
        threads=threads,
        measure_s=measure,
        timeout_s=timeout,
    )
    with TerminalProgress() as progress:
        found, directory = finetune(folder, request, out=out, progress=progress)
    if json:
        typer.echo(found.to_json())
    else:
        render_tuning(found, Console(), report=str(directory / "tuning.html"))
        for path in found.written.values():
            typer.echo(f"Written: {directory / path}")
    raise typer.Exit(found.exit_code)
