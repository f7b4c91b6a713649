"""`isograd convert`: a network's twin in the other framework, as code to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from isograd.cli.options import (
    BatchSizeOption,
    HyperOption,
    IdiomaticOption,
    InputLayoutOption,
    InputOption,
    LearningRateOption,
    LossOption,
    ModelArgument,
    ModesOption,
    OptimizerOption,
    TimeoutOption,
    TrustOption,
    training_recipe,
)
from isograd.cli.watch import TerminalProgress, load_network
from isograd.result import EXIT_CODES


def command(
    model: ModelArgument,
    to: Annotated[
        str | None, typer.Option(help="torch or tensorflow. Default: the one it is not in.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write, which must not exist yet.")
    ] = None,
    inputs: InputOption = None,
    trust: TrustOption = False,
    idiomatic: IdiomaticOption = False,
    input_layout: InputLayoutOption = None,
    proof: Annotated[
        bool, typer.Option("--proof/--no-proof", help="Prove the twin before it is written.")
    ] = True,
    mode: ModesOption = None,
    loss: LossOption = None,
    optimizer: OptimizerOption = "adam",
    learning_rate: LearningRateOption = None,
    hyper: HyperOption = None,
    batch_size: BatchSizeOption = 16,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and of the proof's points.")] = 0,
    timeout: TimeoutOption = 600.0,
) -> None:
    """Write a network's twin in the other framework: source, weights, mapping, proof.

    Ends with 0 if it is proven equivalent, 1 if it is not, 5 if rounding hides the answer.
    """
    from isograd.frameworks import part
    from isograd.report import terminal
    from isograd.run.convert import check_vacant, convert, other_framework

    console = Console()
    if to is not None:
        part(to, "emitter")  # what is misspelt is told before the network is read
    if out:
        check_vacant(out)
    recipe = training_recipe(loss, optimizer, learning_rate, hyper, batch_size)
    found = load_network(model, inputs, trust=trust)
    target = to or other_framework(found)
    folder = out or Path(f"{found.graph.name}-{target}")
    with TerminalProgress() as progress:
        made = convert(
            found,
            target,
            folder,
            recipe=recipe(found.loss),
            modes=mode or (),
            idiomatic=idiomatic,
            input_layout=input_layout,
            proven=proof,
            seed=seed,
            timeout_s=timeout,
            progress=progress,
        )
    if made.proof:
        terminal.render_proof(made.proof.proofs, console)
        terminal.render_missing(made.proof.modes, console)
    for line in made.proof.declared if made.proof else made.emitted.declared:
        console.print(f"declared difference  {line}", highlight=False, markup=False)
    for path in sorted(folder.iterdir()):
        console.print(f"[dim]written[/dim] {path}", highlight=False)
    raise typer.Exit(EXIT_CODES[made.proof.verdict] if made.proof else 0)
