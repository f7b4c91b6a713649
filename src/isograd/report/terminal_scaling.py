"""What `isograd scale` found, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from isograd.notation import numbers
from isograd.notation.names import SYMBOLS, title
from isograd.report.console import (
    STYLES,
    plain_table,
    shown,
    verbatim,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.scaling_answer import headline, percent, sentences
from isograd.scaling.record import EngineResult, Run, Scaling

if TYPE_CHECKING:
    from isograd.scaling.engine import Plan


def render_scaling(found: Scaling, console: Console, report: str = "") -> None:
    """Prints the answer, each engine's runs, what is predicted, and what could not be had."""
    console.print()
    if found.status == "partial":
        write_line(console, f"PARTIAL RESULT. {found.reason}", "bold yellow")
    write_line(console, headline(found), "bold")
    for sentence in sentences(found):
        write_indented(console, sentence)
    for engine in found.engines:
        console.print()
        write_line(console, f"{title(engine.framework)} {engine.title} ({engine.name})", "bold")
        if engine.reason:
            write_indented(console, f"{engine.status}: {engine.reason}", "yellow")
        if engine.runs:
            console.print(_runs(engine, console))
        _write_reasons(engine, console)
        _write_forecast(engine, console)
    for note in found.notes:
        console.print()
        write_line(console, note, "dim")
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def render_hosts(plans: Mapping[str, Plan], directory: Path, console: Console) -> None:
    """Prints the commands for each host, and a batch script for Slurm. They can be copied: no line
    is broken."""
    write_line(
        console,
        f"Put {directory} onto a file system that all hosts share, under the same path, and start "
        "on each host:",
    )
    for name, plan in plans.items():
        console.print()
        write_line(console, name, "bold")
        for command in plan.commands:
            console.print(verbatim(console, f"# on {command.host}\n{command}"), soft_wrap=True)
        console.print()
        write_line(console, f"{name}, with Slurm", "bold")
        console.print(verbatim(console, plan.slurm), soft_wrap=True)


def _runs(engine: EngineResult, console: Console) -> Table:
    grid = plain_table(2)
    heads = (
        "workers",
        "same\ntraining",
        "step",
        "examples\na second",
        "effi-\nciency",
        "communi-\ncation",
    )
    for head in heads:
        grid.add_column(head, justify="right", no_wrap=True, vertical="bottom")
    for run in engine.runs:
        grid.add_row(*(shown(console, text, style) for text, style in _cells(run)))
    return grid


def _cells(run: Run) -> list[tuple[str, str]]:
    if run.status != "ok":
        return [(str(run.workers), ""), (run.status, "yellow"), *[(numbers.MISSING, "")] * 4]
    held = run.trajectory
    same = (
        (f"{SYMBOLS[held.verdict]} {held.verdict}", STYLES[held.verdict])
        if held
        else ("(reference)", "dim")
    )
    return [
        (f"{run.workers}{' *' if run.crowded else ''}", ""),
        same,
        (numbers.time_range(run.step_us)[0], ""),
        (numbers.count(round(run.examples_per_s)) if run.examples_per_s else numbers.MISSING, ""),
        (percent(run.efficiency), ""),
        (percent(run.communication), ""),
    ]


def _write_reasons(engine: EngineResult, console: Console) -> None:
    for run in engine.runs:
        if run.crowded:
            write_item(console, f"* {run.workers} workers share fewer processors.")
        if run.reason:
            write_item(console, f"{run.workers} workers: {run.reason}")
        held = run.trajectory
        for reason in held.reasons if held else ():
            write_item(console, reason)
        if held and held.mended:
            write_item(
                console,
                f"With --sync-batchnorm, {run.workers} workers are {held.mended} to one.",
            )
        if held and held.resumed_at:
            steps = ", ".join(map(str, held.resumed_at))
            write_item(console, f"A worker died; the training went on from step {steps}.")


def _write_forecast(engine: EngineResult, console: Console) -> None:
    if engine.forecast is None:
        if engine.unpredicted:
            write_indented(console, f"No prediction: {engine.unpredicted}", "dim")
        return
    write_indented(console, _predictions(engine))
    write_indented(console, engine.forecast.trust, "dim")


def _predictions(engine: EngineResult) -> str:
    assert engine.forecast is not None
    found = []
    for one in engine.forecast.predictions:
        if one.measured_us is None and one.workers > 1:
            low, high = numbers.time(one.step_us.low), numbers.time(one.step_us.high)
            found.append(
                f"{one.workers} workers {numbers.time(one.step_us.value)} [{low} to {high}], "
                f"efficiency {one.efficiency * 100:.0f}%"
            )
    return f"Predicted: {'; '.join(found)}." if found else ""
