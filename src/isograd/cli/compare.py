"""`isograd compare`: the main job."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    BatchSizeOption,
    DataDirOption,
    DataOption,
    DeviceOption,
    FeedOption,
    HyperOption,
    IdiomaticOption,
    InputOption,
    JsonOption,
    LearningRateOption,
    LossOption,
    ModelArgument,
    ModesOption,
    OptimizerOption,
    OutOption,
    ThreadsOption,
    TimeoutOption,
    TrustOption,
    check_device,
    training_recipe,
)
from isograd.cli.watch import TerminalProgress, load_network


def command(
    model: ModelArgument = "mnist-mlp",
    mode: ModesOption = None,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "adam",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: BatchSizeOption = 64,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training data.")] = 15,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings from different starts.")] = 3,
    target: Annotated[
        float | None, typer.Option(help="Accuracy for the time-to-target column.")
    ] = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    steps_per_call: Annotated[
        int,
        typer.Option(min=1, help="Steps in one call of a compiled step, where a mode can do that."),
    ] = 1,
    measure: Annotated[
        float, typer.Option(min=0.0, help="Seconds that step times may be measured for.")
    ] = 6.0,
    idiomatic: IdiomaticOption = False,
    feed: FeedOption = None,
    graphs: Annotated[
        bool, typer.Option("--graphs", help="Show the graphs of a step in the report, too.")
    ] = False,
    timeout: TimeoutOption = 600.0,
    out: OutOption = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Prove, measure and train one network in every framework and mode."""
    from isograd.bench.fit import usual_data
    from isograd.pipelines.feed import parse_feeds
    from isograd.report import terminal
    from isograd.run.compare import Request, compare

    check_device(device)
    recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size)
    found = load_network(model, inputs, trust=trust)
    request = Request(
        recipe=recipe(found.loss),
        data=data or usual_data(found),
        data_dir=data_dir,
        modes=tuple(mode or ()),
        epochs=epochs,
        seeds=seeds,
        device=device,
        threads=threads,
        steps_per_call=steps_per_call,
        idiomatic=idiomatic,
        target=target,
        measure_s=measure,
        timeout_s=timeout,
        graphs=graphs,
        feeds=parse_feeds(feed or ()),
    )
    with TerminalProgress() as progress:
        result, directory = compare(found, request, out=out, progress=progress)
    if json:
        typer.echo(result.to_json())
    else:
        terminal.render(result, Console(), report=str(directory / "report.html"))
    raise typer.Exit(result.exit_code)
