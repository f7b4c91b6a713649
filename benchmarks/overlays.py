"""Do the layers' times and bytes sum to the whole? Each is measured by itself, in one process.

Prints, for each framework, the sum over the whole, the noise floor between two executors alike, and
what is said about it.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from isograd.frameworks import MODES
from isograd.models import load
from isograd.proof import make_trial
from isograd.run.overlays import overlays
from isograd.run.step import Step
from isograd.training import Adam, Recipe
from isograd.views import Overlay

NETWORKS = ("mnist-mlp", "cnn-bn")
BATCH_SIZE = 64
BUDGET_S = 30.0


def main(names: tuple[str, ...]) -> None:
    """Measures these networks."""
    console = Console(width=100)
    table = Table("network", "framework", "quantity", "sum", "whole", "sum/whole", "noise floor")
    said = {}
    for name in names:
        for overlay in _measured(name):
            if overlay.total:
                table.add_row(name, overlay.framework, overlay.quantity, *_figures(overlay))
                said[f"{name}, {overlay.framework}, {overlay.quantity}"] = overlay.about
    console.print(table)
    for what, about in said.items():
        console.print(f"{what}: {about}")


def _measured(name: str) -> list[Overlay]:
    model = load(name)
    recipe = Recipe(model.loss, Adam(), batch_size=BATCH_SIZE)
    start = model.initial_state(0)
    trial = make_trial(model.graph, recipe, None, 0, start, model.bounds, recorded=(1,))
    step = Step(model, recipe, trial, "cpu", 1, 600.0)
    return [one for framework in MODES for one in overlays(step, [framework], budget_s=BUDGET_S)]


def _figures(overlay: Overlay) -> tuple[str, str, str, str]:
    assert overlay.total
    noise = "exact" if overlay.noise is None else f"{overlay.noise:.1%}"
    return (
        f"{overlay.sum:,.0f} {overlay.unit}",
        f"{overlay.total:,.0f} {overlay.unit}",
        f"{overlay.sum / overlay.total:.3f}",
        noise,
    )


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or NETWORKS)
