"""`isograd scale`: one training on several workers and machines."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    BatchSizeOption,
    DataDirOption,
    DataOption,
    DeviceOption,
    HyperOption,
    InputOption,
    JsonOption,
    LearningRateOption,
    LossOption,
    ModelArgument,
    OptimizerOption,
    OutOption,
    TimeoutOption,
    TrustOption,
    check_device,
    numbers,
    training_recipe,
)
from isograd.cli.watch import TerminalProgress, load_network
from isograd.errors import UsageError

if TYPE_CHECKING:
    from isograd.scaling.request import Link


def command(
    model: ModelArgument,
    workers: Annotated[str, typer.Option(help="How many, each once: 1,2,4.")] = "1,2",
    engine: Annotated[
        str,
        typer.Option(help="ddp, fsdp, multiworker, mirrored. Default: ddp,multiworker."),
    ] = "",
    weak: Annotated[
        bool, typer.Option("--weak", help="Time each worker with a whole batch of its own.")
    ] = False,
    latency: Annotated[
        str | None, typer.Option(help="Of a network you think of, one way: 50us, 1ms.")
    ] = None,
    bandwidth: Annotated[
        str | None, typer.Option(help="Of that network, in bits a second: 100Mbit, 10Gbit.")
    ] = None,
    predict: Annotated[
        str, typer.Option(help="Numbers of workers whose step time is predicted.")
    ] = "4,8,16",
    hosts: Annotated[
        str | None,
        typer.Option(help="Run nothing: print the commands for these hosts, as host1,host2."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of the trainings that are compared.")] = 20,
    checkpoint_every: Annotated[
        int, typer.Option(min=0, help="Steps between two checkpoints; 0 writes none.")
    ] = 0,
    restarts: Annotated[
        int, typer.Option(min=0, help="How often a training may start again when a worker dies.")
    ] = 0,
    sync_batchnorm: Annotated[
        bool, typer.Option("--sync-batchnorm", help="Normalise by the batch of all workers.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=2, help="Rounds of timing.")] = 8,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "sgd",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: BatchSizeOption = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of the first weights and the batches.")] = 0,
    device: DeviceOption = "cpu",
    timeout: TimeoutOption = 600.0,
    out: OutOption = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Train with several workers: is it the same training, how fast is it, what would more do?"""
    from isograd.bench.fit import usual_data
    from isograd.report.scaling import write_scaling
    from isograd.report.terminal_scaling import render_hosts, render_scaling
    from isograd.run.scale import prepare, scale
    from isograd.scaling.request import Request

    check_device(device)
    recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size)
    network = load_network(model, inputs, trust=trust)
    request = Request(
        recipe=recipe(network.loss),
        data=data or usual_data(network),
        data_dir=data_dir,
        workers=numbers("--workers", workers),
        engines=tuple(engine.replace(" ", "").split(",")) if engine else (),
        steps=steps,
        seed=seed,
        weak=weak,
        sync_batchnorm=sync_batchnorm,
        checkpoint_every=checkpoint_every,
        restarts=restarts,
        rounds=rounds,
        link=link(latency, bandwidth),
        predict=numbers("--predict", predict),
        device=device,
        timeout_s=timeout,
    )
    if hosts:
        places = tuple(hosts.replace(" ", "").split(","))
        render_hosts(*prepare(network, request, places, out=out), Console())
        return
    with TerminalProgress() as progress:
        found, directory = scale(
            network, request, inputs=inputs or (), trust=trust, out=out, progress=progress
        )
    page = write_scaling(found, directory, replace=True)
    if json:
        typer.echo(found.to_json())
    else:
        render_scaling(found, Console(), report=str(page))
    raise typer.Exit(found.exit_code)


TIMES = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
RATES = {"bit": 1.0, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}


def link(latency: str | None, bandwidth: str | None) -> Link | None:
    """The network of ``--latency 1ms --bandwidth 1Gbit``. Raises `UsageError` for what is none."""
    from isograd.scaling.request import Link

    if latency is None and bandwidth is None:
        return None
    return Link(
        _quantity("--latency", latency, TIMES, "1ms") if latency else 0.0,
        _quantity("--bandwidth", bandwidth, RATES, "1Gbit") / 8 if bandwidth else math.inf,
    )


def _quantity(option: str, text: str, units: dict[str, float], example: str) -> float:
    found = re.fullmatch(r"([\d.]+)\s*([a-zµ]+)", text.strip().lower())
    try:
        value = float(found[1]) * units[found[2]] if found else math.nan
    except (KeyError, ValueError):
        value = math.nan
    if not value > 0:
        raise UsageError(
            f"{option} {text!r} has no unit that is known, or no number.",
            hint=f"Write {option} {example}. Units: {', '.join(units)}.",
        )
    return value
