"""`isograd prove`: is it the same network in every framework and mode?"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    BatchSizeOption,
    DataDirOption,
    DataOption,
    DeviceOption,
    HyperOption,
    IdiomaticOption,
    InputOption,
    LearningRateOption,
    LossOption,
    ModelArgument,
    ModesOption,
    OptimizerOption,
    ThreadsOption,
    TimeoutOption,
    TrustOption,
    check_device,
    training_recipe,
)
from isograd.cli.watch import TerminalProgress
from isograd.result import EXIT_CODES


def command(
    model: ModelArgument,
    mode: ModesOption = None,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "adam",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: BatchSizeOption = 64,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    idiomatic: IdiomaticOption = False,
    timeout: TimeoutOption = 600.0,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the points at which the sides are held.")
    ] = 0,
    inputs: InputOption = None,
    trust: TrustOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove that a network is the same in every framework and mode.

    Ends with 0 if it is, 1 if it is not, 5 if rounding hides the answer.
    """
    from isograd import data as datasets
    from isograd.models import load
    from isograd.report import terminal
    from isograd.run.prove import prove

    check_device(device)
    found = load(model, inputs or (), trust=trust)
    recipe = training_recipe(loss or found.loss, optimizer, learning_rate, hyper, batch_size)
    name = data or found.data
    dataset = datasets.load(name, data_dir) if name else None
    with TerminalProgress() as progress:
        report = prove(
            found,
            recipe=recipe,
            modes=mode or (),
            data=dataset,
            device=device,
            threads=threads,
            idiomatic=idiomatic,
            timeout_s=timeout,
            seed=seed,
            progress=progress,
        )
    if json:
        typer.echo(report.to_json())
    else:
        console = Console()
        terminal.render_proof(report.proofs, console)
        terminal.render_derivatives(report.derivatives, console)
        terminal.render_missing(report.modes, console)
        for line in report.declared:
            console.print(f"declared difference  {line}", highlight=False, markup=False)
    failed = any(one.status not in ("ok", "not installed") for one in report.modes)
    raise typer.Exit(4 if failed else EXIT_CODES[report.verdict])
