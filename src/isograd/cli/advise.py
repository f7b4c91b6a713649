"""`isograd advise`: which framework and mode, for the user's own case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from isograd.errors import UsageError

if TYPE_CHECKING:
    from isograd.advise.profile import Profile


def command(
    model: ModelArgument = "mnist-mlp",
    profile: Annotated[
        Path | None, typer.Option(help="Your situation in a TOML file; options override it.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Where it is used: server, phone, browser, microcontroller, research."),
    ] = None,
    hardware: Annotated[str | None, typer.Option(help="What trains it: cpu, gpu, tpu.")] = None,
    limits: Annotated[
        str | None,
        typer.Option(
            help='Of what is shipped: "latency<1ms, size<500kB, memory<100MB, lost<=0.5".'
        ),
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Examples in a call.")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps of a training.")] = None,
    workers: Annotated[int | None, typer.Option(help="Machines or devices that train.")] = None,
    team: Annotated[
        str | None, typer.Option(help="What people know: torch, tensorflow, both, none.")
    ] = None,
    code: Annotated[
        str | None, typer.Option(help="What the network is written in: torch, tensorflow, none.")
    ] = None,
    debugging: Annotated[
        str | None, typer.Option(help="How much of it is to be expected: low, some, high.")
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with earlier results. Repeatable. Default: isograd-runs."),
    ] = None,
    budget: Annotated[
        str, typer.Option(help="For measuring what is missing: 90s, 5m, 1h; 0s for nothing.")
    ] = "5m",
    ask: Annotated[bool, typer.Option("--ask", help="Ask for what no option answers.")] = False,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    loss: LossOption = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Say which framework and mode suits your case, with the reasons, and how sure that is."""
    from isograd.records import kind_of
    from isograd.report.terminal_advice import render_advice
    from isograd.run.advise import advise_on

    given = {
        "target": target,
        "hardware": hardware,
        "limits": limits,
        "batch": batch,
        "steps": steps,
        "workers": workers,
        "team": team,
        "code": code,
        "debugging": debugging,
    }
    answers = {name: value for name, value in given.items() if value is not None}
    situation = _situation(profile, answers, ask=ask)
    network = load_network(model, inputs, trust=trust)
    with TerminalProgress() as progress:
        found, directory = advise_on(
            network,
            situation,
            inputs=inputs or (),
            data=data,
            data_dir=data_dir,
            loss=loss,
            results=results or (),
            budget_s=0.0 if budget in ("0", "0s") else duration("--budget", budget),
            out=out,
            progress=progress,
        )
    if json:
        typer.echo(found.to_json())
    else:
        render_advice(found, Console(), report=str(directory / kind_of(type(found)).page))
    raise typer.Exit(found.exit_code)


def _situation(path: Path | None, answers: dict[str, Any], *, ask: bool) -> Profile:
    """The file's profile, with the options' answers and then those to questions."""
    from isograd.advise.profile import Profile, read_profile
    from isograd.advise.questions import questions

    base = read_profile(path) if path else Profile()
    try:
        known = base.but(**answers)
        if ask:
            open_ones = [q for q in questions() if q.name not in answers and path is None]
            known = known.but(**{q.name: q.ask() for q in open_ones})
    except UsageError as error:
        option = f"--{error.where}" if error.where else None
        raise UsageError(error.what, where=option, hint=error.hint) from None
    return known
