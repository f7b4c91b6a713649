"""Whether several workers train as one does with the same batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isograd.bench.training import DISTURBED_STARTS
from isograd.ir.graph import Graph, Weights
from isograd.ir.ops import BatchNorm, Dropout
from isograd.proof.judge import judge, worst
from isograd.result import Stage, Verdict
from isograd.scaling.job import Trained

SEEDS = range(1, DISTURBED_STARTS + 1)
"""Of the disturbed starts."""


def disturbed_start(weights: Weights, seed: int) -> Weights:
    """Every number that is no whole one moved by one unit in the last place of float64."""
    generator = np.random.default_rng(seed)
    return {
        name: np.nextafter(array, generator.choice([-np.inf, np.inf], size=array.shape))
        if array.dtype.kind == "f"
        else array
        for name, array in ((n, np.asarray(a)) for n, a in weights.items())
    }


def hold(found: Trained, reference: Trained, disturbed: Sequence[Trained]) -> list[Stage]:
    """Losses of all steps, and weights and running statistics after the last, against one worker's;
    ``disturbed`` are its trainings from disturbed starts. All are in float64."""

    def losses(one: Trained) -> dict[str, np.ndarray]:
        return {"loss of each step": np.asarray(one.losses)}

    return [
        judge("losses", losses(reference), losses(found), [losses(one) for one in disturbed]),
        judge("weights", reference.weights, found.weights, [one.weights for one in disturbed]),
    ]


def verdict(stages: Sequence[Stage]) -> Verdict:
    """The most serious one."""
    return worst([stage.verdict for stage in stages])


def normalises_batches(graph: Graph) -> bool:
    """Whether a worker's results depend on the other examples of its share."""
    return any(isinstance(node.op, BatchNorm) for node in graph.nodes)


def drops_out(graph: Graph) -> bool:
    """Whether every worker draws masks of its own."""
    return any(isinstance(node.op, Dropout) for node in graph.nodes)
