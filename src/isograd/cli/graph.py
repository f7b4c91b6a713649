"""`isograd graph`: what does each framework make of a network?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    DeviceOption,
    HyperOption,
    InputOption,
    LearningRateOption,
    LossOption,
    ModelArgument,
    OptimizerOption,
    ThreadsOption,
    TimeoutOption,
    TrustOption,
    check_device,
    training_recipe,
)
from isograd.cli.watch import TerminalProgress, load_network

ViewOption = Annotated[
    list[str] | None,
    typer.Option(
        "--view",
        "-v",
        help="Only these views: torch, tensorflow, dynamic, torch/autograd, xla ... Repeatable.",
    ),
]


def command(
    model: ModelArgument = "mnist-mlp",
    view: ViewOption = None,
    inputs: InputOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "adam",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Examples in the step.")] = 32,
    overlays: Annotated[
        bool, typer.Option(help="Measure time, memory and error of each layer, too.")
    ] = True,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights and the batch.")] = 0,
    timeout: TimeoutOption = 600.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the page. Default: a new one in isograd-runs.")
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Folder for a TensorBoard log of both graphs.")
    ] = None,
    trust: TrustOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object; no page.")] = False,
) -> None:
    """Show the dynamic, static, backward and optimised graphs of one training step.

    Every view is taken from the code that really runs. A view that cannot be had is named with the
    reason, and the others go on. A network whose control flow depends on data is shown at several
    calls, in its own framework alone, with what each static view demands instead.
    """
    from isograd.bench.choosing import choose_views
    from isograd.errors import DataDependent
    from isograd.models import Model
    from isograd.records import kind_of
    from isograd.report.files import claim_files
    from isograd.report.graph import write_graphs
    from isograd.report.terminal_graph import render_graphs
    from isograd.run.folders import fresh_folder
    from isograd.run.graph import graph
    from isograd.views.document import Graphs

    check_device(device)
    choose_views(view or ())
    recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size)
    named: Model | str = model
    usual = "mean_squared_error"
    try:
        named = load_network(model, inputs, trust=trust)
        usual = named.loss
    except DataDependent:
        pass  # it has no graph, and is shown as it runs
    folder = None if json else out or fresh_folder("graph")
    if folder:
        claim_files(folder, kind_of(Graphs).files)
    with TerminalProgress() as progress:
        graphs = graph(
            named,
            recipe(usual),
            inputs=inputs or (),
            trust=trust,
            views=view or (),
            with_overlays=overlays,
            device=device,
            threads=threads,
            timeout_s=timeout,
            seed=seed,
            tensorboard=tensorboard,
            progress=progress,
        )
    if folder is None:
        typer.echo(graphs.to_json())
    else:
        page = write_graphs(graphs, folder)
        render_graphs(graphs, Console(), report=str(page))
    raise typer.Exit(0 if any(one.operations for one in graphs.views) else 4)
