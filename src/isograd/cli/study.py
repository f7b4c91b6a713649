"""`isograd study`: everything about one network, in one report."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    DataDirOption,
    DataOption,
    InputOption,
    JsonOption,
    LossOption,
    ModelArgument,
    OutOption,
    TrustOption,
    duration,
)
from isograd.cli.watch import TerminalProgress, load_network
from isograd.errors import unknown


def command(
    model: ModelArgument = "mnist-mlp",
    budget: Annotated[str, typer.Option(help="For all of it: 90s, 10m, 1h.")] = "10m",
    part: Annotated[
        list[str] | None, typer.Option(help="Only these parts, such as compare. Repeatable.")
    ] = None,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Run every command on one network within a time budget, and link all reports in one."""
    from isograd.records import kind_of
    from isograd.report.terminal_study import render_study
    from isograd.run.study import WORKS, study

    names = [work.name for work in WORKS]
    for name in part or ():
        if name not in names:
            raise unknown("part of a study", name, names)
    seconds = duration("--budget", budget)
    network = load_network(model, inputs, trust=trust)
    with TerminalProgress() as progress:
        found, directory = study(
            network,
            seconds,
            inputs=inputs or (),
            data=data,
            data_dir=data_dir,
            loss=loss,
            only=part or (),
            out=out,
            progress=progress,
        )
    if json:
        typer.echo(found.to_json())
    else:
        render_study(found, Console(), report=str(directory / kind_of(type(found)).page))
    raise typer.Exit(found.exit_code)
