"""What smaller and faster forms cost and buy on three networks: a perceptron, a convolutional
network and a small transformer, all for images of digits.

``python benchmarks/smaller.py [--data-dir DIR] [NETWORK ...]``: MNIST from DIR or from the public
mirrors. Prints, for each int8 form, each network with half of its channels and each training in
bfloat16, what it lost and what it gained, and ends with 1 where that is not as expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from isograd.cli.watch import TerminalProgress
from isograd.deploy.request import Request
from isograd.frontier import Frontier, Point
from isograd.run.optimize import optimize
from isograd.training import Recipe

EXAMPLES = Path(__file__).parent.parent / "examples/optimize"

NETWORKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mnist-mlp": ("mnist-mlp", ()),
    "cnn": (f"{EXAMPLES / 'cnn.py'}:CNN", ("x=float32[N,28,28]",)),
    "transformer": (f"{EXAMPLES / 'transformer.py'}:Transformer", ("x=float32[N,28,28]",)),
}

HALF = "structured-50"

INT8_LOSES, INT8_IS_SMALLER = 0.3, 3.5
"""Points of accuracy at most, and times at least, for every int8 form of the dense network."""

HALF_LOSES = 0.5
"""Points of accuracy at most, for a network with half of its channels, after fine-tuning."""


@dataclass(frozen=True)
class Row:
    """One thing that was expected, and whether it is so."""

    what: str
    lost: str
    gain: str
    met: bool


def judged(found: Frontier) -> Iterator[Row]:
    """Everything that is expected of one network."""
    baseline = found.point(found.baseline)
    for point in found.points:
        if point.precision == "int8" and point.variant == "dense":
            yield _int8(point, baseline)
        elif point.variant == HALF and point.precision == "float32":
            yield _half(point, found)
    for training in found.trainings:
        if training.precision == "float32":
            continue  # what the others are held against
        met = training.verdict == "equivalent"
        gain = f"{training.step.ratio:.2f}× the step" if training.step else training.reason
        spread = f"{training.deviation:.1g} of {training.seed_spread:.1g}" if met else ""
        name = f"{training.framework}/{training.mode} in {training.precision}"
        yield Row(f"training {name}", spread, gain, met)


def _int8(point: Point, baseline: Point) -> Row:
    if point.status != "ok":
        return Row(point.id, "", f"{point.status}: {point.reason}", False)
    assert point.lost is not None
    assert point.size
    assert baseline.size
    smaller = baseline.size / point.size
    met = point.lost <= INT8_LOSES and smaller >= INT8_IS_SMALLER
    return Row(point.id, f"{point.lost:+.2f}", f"{smaller:.2f}× smaller", met)


def _half(point: Point, found: Frontier) -> Row:
    """Against the same form of the dense network."""
    if point.status != "ok":
        return Row(point.id, "", f"{point.status}: {point.reason}", False)
    batch = found.batches[-1]
    faster = _ratio(found.point(f"dense/{point.candidate}"), batch) / _ratio(point, batch)
    assert point.lost is not None
    gain = f"{faster:.2f}× as fast, batch {batch}"
    return Row(point.id, f"{point.lost:+.2f}", gain, point.lost <= HALF_LOSES and faster > 1)


def _ratio(point: Point, batch: int) -> float:
    """Of a call, over the baseline's."""
    latency = point.latency(batch)
    return latency.ratio.ratio if latency and latency.ratio else 1.0


def main(
    networks: Annotated[list[str] | None, typer.Argument(help=", ".join(NETWORKS))] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder with MNIST's files.")] = None,
    epochs: Annotated[int, typer.Option(help="Of training, and of fine-tuning.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
) -> None:
    """Runs `isograd optimize` on each network."""
    console, missed = Console(width=120), 0
    for name in networks or NETWORKS:
        reference, inputs = NETWORKS[name]
        recipe = Recipe("cross_entropy", batch_size=64)
        request = Request(
            recipe, "mnist", data_dir, epochs=epochs, variants=("dense", HALF), measure_s=0.5
        )
        with TerminalProgress() as progress:
            found, folder = optimize(
                reference, request, inputs=inputs, out=out and out / name, progress=progress
            )
        table = Table("form", "points lost", "gain", "as expected", title=f"{name}: {folder}")
        for row in judged(found):
            table.add_row(row.what, row.lost, row.gain, "yes" if row.met else "no")
            missed += not row.met
        console.print(table)
    raise typer.Exit(1 if missed else 0)


if __name__ == "__main__":
    typer.run(main)
