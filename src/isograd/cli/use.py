"""`isograd use`: a language model does what it is for, in both frameworks."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    DeviceOption,
    ModesOption,
    ThreadsOption,
    TimeoutOption,
    check_device,
)
from isograd.cli.watch import TerminalProgress

FolderArgument = Annotated[
    str,
    typer.Argument(
        help="A folder with config.json, model.safetensors and tokenizer.json, or hf:owner/name."
    ),
]
TextsArgument = Annotated[
    list[str],
    typer.Argument(
        help="A text to be continued; texts to be classified; or texts with masks to be filled."
    ),
]


def command(
    folder: FolderArgument,
    texts: TextsArgument,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to add to a text at most.")] = 40,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="0 takes the likeliest token; more draws one.")
    ] = 0.0,
    top_k: Annotated[
        int, typer.Option(min=0, help="Draw among so many of the likeliest; 0: among all.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws, the same on every side.")] = 0,
    mode: ModesOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    timeout: TimeoutOption = 600.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Continue a text, classify texts or fill masks, in both frameworks, and say if they agree.

    By default PyTorch's eager mode and TensorFlow's function. Text is generated without a key-value
    cache: every token computes the whole text again.

    Ends with 0 if all choices are the same, 1 if they are not, 4 if a mode failed.
    """
    from isograd.report.terminal_usage import render_usage
    from isograd.run.use import USUAL_MODES, Wish, use

    check_device(device)
    with TerminalProgress() as progress:
        usage = use(
            folder,
            texts,
            wish=Wish(tokens, temperature, top_k, seed),
            modes=mode or USUAL_MODES,
            device=device,
            threads=threads,
            timeout_s=timeout,
            progress=progress,
        )
    if json:
        typer.echo(usage.to_json())
    else:
        render_usage(usage, Console())
    failed = any(one.mode.status not in ("ok", "not installed") for one in usage.answers)
    raise typer.Exit(4 if failed else 0 if usage.agree else 1)
