"""`isograd data`: what feeds the network."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    BatchSizeOption,
    DataDirOption,
    FeedOption,
    HyperOption,
    InputOption,
    JsonOption,
    LearningRateOption,
    LossOption,
    ModesOption,
    OptimizerOption,
    OutOption,
    ThreadsOption,
    TimeoutOption,
    TrustOption,
    training_recipe,
)
from isograd.cli.watch import TerminalProgress, load_network


def command(
    source: Annotated[
        str,
        typer.Argument(
            help="digits, breast-cancer, mnist; a folder with idx files, or with a folder of "
            "images for each class; a .parquet, .csv or .txt file."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(help="A network, named as everywhere: does it wait for its data?"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only these pipelines: torch, tensorflow/prefetch ... Repeatable."),
    ] = None,
    feed: FeedOption = None,
    augment: Annotated[
        str | None,
        typer.Option(
            help="What is done to each image: flip,crop=28+2,rotate,brightness=0.2,resize=32,"
            "normalise=0.5/0.25."
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="The column of a table that is predicted.")
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(min=1, help="Cut a text into windows of so many bytes, instead of lines."),
    ] = None,
    buffer: Annotated[
        int, typer.Option(min=1, help="Items in the shuffle buffer of tf.data.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the order and the augmentation.")] = 0,
    mode: ModesOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "adam",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: BatchSizeOption = 64,
    threads: ThreadsOption = 1,
    measure: Annotated[
        float, typer.Option(min=0.0, help="Seconds that the pipelines may be measured for.")
    ] = 6.0,
    timeout: TimeoutOption = 600.0,
    out: OutOption = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Measure what feeds a network in both frameworks, and whether the network waits for it."""
    from isograd.pipelines.augmentation import parse
    from isograd.pipelines.feed import parse_feeds
    from isograd.pipelines.source import find_source
    from isograd.pipelines.specification import Delivering
    from isograd.records import kind_of
    from isograd.report.terminal_data import render_feeding
    from isograd.run.data import Request, data

    recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size)
    network = load_network(model, inputs, trust=trust) if model else None
    usual = network.loss if network else "cross_entropy"
    request = Request(
        source=find_source(source, data_dir, target=target, window=window),
        recipe=recipe(usual),
        delivering=Delivering(batch_size, seed, buffer),
        only=tuple(only or ()),
        feeds=parse_feeds(feed or ()),
        augmentation=parse(augment) if augment else None,
        modes=tuple(mode or ()),
        threads=threads,
        measure_s=measure,
        timeout_s=timeout,
    )
    with TerminalProgress() as progress:
        found, directory = data(request, network, out=out, progress=progress)
    if json:
        typer.echo(found.to_json())
    else:
        render_feeding(found, Console(), report=str(directory / kind_of(type(found)).page))
    raise typer.Exit(found.exit_code)
