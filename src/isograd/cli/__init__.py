"""The command line: one thin file per command. No framework is imported in this process."""

from __future__ import annotations

import os
import sys
import traceback
from importlib.metadata import version
from typing import Annotated

import typer

from isograd.cli import (
    advise,
    claims,
    compare,
    convert,
    data,
    doctor,
    emit,
    finetune,
    graph,
    optimize,
    pretrain,
    probe,
    prove,
    report,
    scale,
    study,
    sweep,
    transfer,
    use,
    zoo,
)
from isograd.cli.failure import explain
from isograd.errors import IsogradError, UsageError, WorkerError

app = typer.Typer(
    name="isograd",
    epilog="With --debug, any command shows the traceback of an error; with --lang zh, its report "
    "is in Chinese.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("compare")(compare.command)
app.command("prove")(prove.command)
app.command("convert")(convert.command)
app.command("graph")(graph.command)
app.command("optimize")(optimize.command)
app.command("claims")(claims.command)
app.command("pretrain")(pretrain.command)
app.command("finetune")(finetune.command)
app.command("use")(use.command)
app.command("scale")(scale.command)
app.command("sweep")(sweep.command)
app.command("doctor")(doctor.command)
app.command("data")(data.command)
app.command("probe")(probe.command)
app.command("emit")(emit.command)
app.command("advise")(advise.command)
app.command("transfer")(transfer.command)
app.command("zoo")(zoo.command)
app.command("study")(study.command)
app.command("report")(report.command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"isograd {version('isograd')}")
        raise typer.Exit()


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """One neural network in PyTorch and in TensorFlow: proven to be the same, measured fairly."""


def main() -> None:
    """Runs the command line; expected errors become one message and an exit code."""
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        _speak()
        app()
    except Exception as error:
        expected = error if isinstance(error, IsogradError) else _mistake(error)
        if debug:
            traceback.print_exc()
        else:
            explain(expected)
        raise SystemExit(expected.exit_code) from None


def _speak() -> None:
    """Takes ``--lang`` out of the arguments, wherever it stands; else the environment tells."""
    from isograd.report.language import LANGUAGES, speak

    code = os.environ.get("ISOGRAD_LANG", "en")
    for place, word in enumerate(sys.argv):
        option, equals, value = word.partition("=")
        if option == "--lang":
            if not equals and place + 1 == len(sys.argv):
                raise UsageError("--lang needs a language.", hint=f"Known: {', '.join(LANGUAGES)}.")
            code = value if equals else sys.argv[place + 1]
            del sys.argv[place : place + (1 if equals else 2)]
            break
    speak(code)


def _mistake(error: Exception) -> IsogradError:
    """What nobody expected. Python's own exit code for it, 1, would mean `different` here."""
    return WorkerError(
        f"A mistake in isograd itself: {type(error).__name__}: {error}",
        hint="Run it again with --debug for the traceback, and report it.",
    )
