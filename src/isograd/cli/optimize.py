"""`isograd optimize`: smaller and faster, what it costs and what it buys."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    BatchSizeOption,
    DataDirOption,
    DataOption,
    HyperOption,
    InputOption,
    JsonOption,
    LearningRateOption,
    LossOption,
    OptimizerOption,
    OutOption,
    ThreadsOption,
    TimeoutOption,
    TrustOption,
    duration,
    numbers,
    training_recipe,
)
from isograd.cli.watch import TerminalProgress, load_network

if TYPE_CHECKING:
    from isograd.frontier import Frontier


def command(
    model: Annotated[
        str | None,
        typer.Argument(help="A network, named as everywhere; left out with --resume."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help="What is done to the network itself: dense, folded, structured-50, "
            "unstructured-80, gradual-80. Repeatable."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these points: torch/int8-static, 'torch/*', 'structured-50/*/int8*'. "
            "Repeatable."
        ),
    ] = None,
    target: Annotated[
        str, typer.Option(help='Stop at the first point like this: "accuracy>=0.97, latency<1ms".')
    ] = "",
    budget: Annotated[
        str | None, typer.Option(help="Begin no point that would end later: 90s, 10m, 1h.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run in this folder, where it stopped.")
    ] = None,
    batch: Annotated[
        str, typer.Option(help="Batch sizes that are timed; the first one decides.")
    ] = "1,8,64",
    data: DataOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "adam",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: BatchSizeOption = 64,
    epochs: Annotated[
        int, typer.Option(min=0, help="Passes over the training data; 0 takes its own weights.")
    ] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the first weights and the batches.")] = 0,
    trainings: Annotated[
        bool,
        typer.Option("--trainings/--no-trainings", help="Train in lower precision as well."),
    ] = True,
    threads: ThreadsOption = 1,
    measure: Annotated[
        float, typer.Option(min=0.0, help="Seconds that one batch size may be timed for.")
    ] = 1.0,
    timeout: TimeoutOption = 600.0,
    out: OutOption = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Ship one network in every form of both frameworks, and see what each costs and buys."""
    from isograd.bench.fit import usual_data
    from isograd.deploy.request import Request
    from isograd.errors import UsageError
    from isograd.run.optimize import optimize
    from isograd.run.optimize import resume as go_on

    seconds = duration("--budget", budget) if budget else None
    if resume:
        with TerminalProgress() as progress:
            found, directory = go_on(resume, budget_s=seconds, progress=progress)
    elif model is None:
        raise UsageError("Which network?", hint="isograd optimize MODEL, or --resume FOLDER.")
    else:
        recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size)
        network = load_network(model, inputs, trust=trust)
        request = Request(
            recipe=recipe(network.loss),
            data=data or usual_data(network),
            data_dir=data_dir,
            epochs=epochs,
            seed=seed,
            variants=tuple(variant or ()),
            only=tuple(only or ()),
            batches=numbers("--batch", batch),
            target=target,
            budget_s=seconds,
            threads=threads,
            measure_s=measure,
            timeout_s=timeout,
            trainings=trainings,
        )
        with TerminalProgress() as progress:
            found, directory = optimize(
                network, request, inputs=inputs or (), trust=trust, out=out, progress=progress
            )
    _show(found, directory, as_json=json)
    raise typer.Exit(found.exit_code)


def _show(found: Frontier, directory: Path, *, as_json: bool) -> None:
    from isograd.report.terminal_frontier import render_frontier

    if as_json:
        typer.echo(found.to_json())
    else:
        render_frontier(found, Console(), report=str(directory / "frontier.html"))
        if found.more:
            typer.echo(f"Go on: {shlex.join(['isograd', 'optimize', '--resume', str(directory)])}")
