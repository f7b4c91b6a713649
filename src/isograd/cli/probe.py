"""`isograd probe`: what each framework lets you do, found out by running it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import JsonOption, ModesOption, OutOption
from isograd.cli.watch import TerminalProgress
from isograd.probes.question import LIMIT_S


def command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only these questions; see --list.", metavar="[NAME]")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the questions.")] = False,
    show: Annotated[
        str | None,
        typer.Option(help="One question with its snippets, all that was observed, and why."),
    ] = None,
    modes: ModesOption = None,
    framework: Annotated[
        list[str] | None, typer.Option(help="Only this framework. Repeatable.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1.0, help="Seconds for each process.")] = LIMIT_S,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Find out what each framework lets you do, by running it in every mode."""
    from isograd.probes.questions import questions
    from isograd.report.probes import write_page
    from isograd.report.terminal_probes import list_questions, render_probes, show_question
    from isograd.run.probe import probe

    console = Console()
    if listed:
        list_questions(questions(names or ()), console)
        return
    wanted = list(dict.fromkeys([*(names or ()), *([show] if show else ())]))
    with TerminalProgress() as progress:
        found, folder = probe(
            wanted,
            modes=modes or (),
            frameworks=framework or (),
            out=out,
            timeout_s=timeout,
            progress=progress,
        )
    page = write_page(found, folder)
    if json:
        typer.echo(found.to_json())
    elif show:
        show_question(found, show, console)
    else:
        render_probes(found, console, report=str(page))
    raise typer.Exit(found.exit_code)
