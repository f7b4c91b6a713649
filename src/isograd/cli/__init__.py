"""The command line: one thin file per command. No framework is imported in this process."""

from __future__ import annotations

import sys

import typer

from isograd.cli import compare, emit, prove, report, zoo
from isograd.cli.failure import explain
from isograd.errors import IsogradError

app = typer.Typer(
    name="isograd",
    help="One neural network in PyTorch and in TensorFlow: proven to be the same, measured fairly.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("compare")(compare.command)
app.command("prove")(prove.command)
app.command("emit")(emit.command)
app.command("zoo")(zoo.command)
app.command("report")(report.command)


def main() -> None:
    """Runs the command line; expected errors become one message and an exit code."""
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
    except IsogradError as error:
        if debug:
            raise
        explain(error)
        raise SystemExit(error.exit_code) from None
