"""`isograd prove`: is it the same network in every framework and mode? Are two the same?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.against import against
from isograd.cli.options import (
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
from isograd.cli.watch import TerminalProgress, load_network
from isograd.errors import UsageError
from isograd.result import EXIT_CODES

TwinArgument = Annotated[
    str | None,
    typer.Argument(help="A second implementation, written independently: are the two the same?"),
]
TwinInputOption = Annotated[
    list[str] | None,
    typer.Option("--twin-input", help="What TWIN is called with, if that is laid out otherwise."),
]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        help="The id of a cause that is no difference to you, such as bn-running-variance. "
        "Repeatable; with TWIN."
    ),
]
TrainOption = Annotated[
    int,
    typer.Option(
        min=0,
        help="Passes over --data for which both are trained, with each cause alone, too: what it "
        "does to loss and accuracy. With TWIN.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Folder for the page about the two; with TWIN. Default: a new one."),
]


def command(
    model: ModelArgument,
    twin: TwinArgument = None,
    mode: ModesOption = None,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "adam",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Examples per step. Default: 64, or 8 with TWIN.")
    ] = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    idiomatic: IdiomaticOption = False,
    timeout: TimeoutOption = 600.0,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the points at which the sides are held.")
    ] = 0,
    inputs: InputOption = None,
    twin_inputs: TwinInputOption = None,
    accept: AcceptOption = None,
    train: TrainOption = 0,
    out: OutOption = None,
    trust: TrustOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove that a network is the same in every framework and mode.

    With TWIN: prove that two implementations are the same network, or say where they first differ,
    and why.

    Ends with 0 if it is, 1 if it is not, 5 if rounding hides the answer.
    """
    from isograd import data as datasets
    from isograd.report import terminal
    from isograd.run.prove import prove

    check_device(device)
    if twin is not None:
        _only_for_one(mode=mode, idiomatic=idiomatic)
        recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size or 8)
        against(
            (model, twin),
            (inputs, twin_inputs),
            recipe("mean_squared_error"),
            accept=accept or (),
            training=(train, data, data_dir),
            out=out,
            trust=trust,
            seed=seed,
            timeout=timeout,
            json=json,
        )
    _only_for_two(twin_input=twin_inputs, accept=accept, train=train, out=out)
    recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size or 64)
    found = load_network(model, inputs, trust=trust)
    name = data or found.data
    dataset = datasets.load(name, data_dir) if name else None
    with TerminalProgress() as progress:
        report = prove(
            found,
            recipe=recipe(found.loss),
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


def _only_for_one(**options: object) -> None:
    """Raises `UsageError` for an option that means nothing with TWIN."""
    _refuse(options, "goes with one network only; two run as they are.")


def _only_for_two(**options: object) -> None:
    """Raises `UsageError` for an option that needs TWIN."""
    _refuse(options, "needs a second network, TWIN.")


def _refuse(options: dict[str, object], why: str) -> None:
    for name, value in options.items():
        if value:
            raise UsageError(f"--{name.replace('_', '-')} {why}")
