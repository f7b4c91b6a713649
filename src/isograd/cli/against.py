"""`isograd prove REFERENCE TWIN`: are two implementations the same network, and if not, why?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console

from isograd.cli.watch import doing
from isograd.errors import UsageError
from isograd.result import EXIT_CODES

if TYPE_CHECKING:
    from isograd.training import Recipe


def against(
    networks: tuple[str, str],
    inputs: tuple[list[str] | None, list[str] | None],
    recipe: Recipe,
    *,
    accept: Sequence[str],
    training: tuple[int, str | None, Path | None],
    out: Path | None,
    trust: bool,
    seed: int,
    timeout: float,
    json: bool,
) -> NoReturn:
    """Explains two networks, and ends with the verdict's exit code."""
    from isograd.explanation import Explanation
    from isograd.records import kind_of
    from isograd.report.explanation import write_explanation
    from isograd.report.files import claim_files
    from isograd.report.terminal_explanation import render_explanation
    from isograd.run.courses import Plan
    from isograd.run.explain import explain
    from isograd.run.folders import fresh_folder

    epochs, data, data_dir = training
    if not epochs and (data or data_dir):
        raise UsageError(
            "--data with TWIN is what both are trained on.", hint="Give --train EPOCHS."
        )

    folder = None if json else out or fresh_folder("pair")
    if folder:
        claim_files(folder, kind_of(Explanation).files)
    with doing("Both networks are run, and what differs is looked for ..."):
        found = explain(
            *networks,
            inputs[0] or (),
            twin_inputs=inputs[1],
            recipe=recipe,
            accept=accept,
            trust=trust,
            seed=seed,
            plan=Plan(epochs, data=data, data_dir=data_dir) if epochs else None,
            timeout_s=timeout,
        )
    if folder is None:
        typer.echo(found.to_json())
        raise typer.Exit(EXIT_CODES[found.verdict])
    render_explanation(found, Console(), str(write_explanation(found, folder)))
    raise typer.Exit(EXIT_CODES[found.verdict])
