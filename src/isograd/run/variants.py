"""Variants of the network: made once, stored in the run's folder, and loaded from there again."""

from __future__ import annotations

from pathlib import Path

from isograd.bench.training import Course
from isograd.compress.variants import treatment
from isograd.data import Dataset
from isograd.deploy.request import Request
from isograd.deploy.search import DENSE
from isograd.errors import IsogradError
from isograd.frameworks import installed
from isograd.frontier import Variant
from isograd.ir import store
from isograd.ir.graph import Graph, Weights
from isograd.models import Model
from isograd.result import Verdict
from isograd.run.forms import Network
from isograd.run.prove import prove
from isograd.run.referee import Referee
from isograd.run.treatments import treat
from isograd.views.cost import costs

PROVEN_IN = ("torch/eager", "tensorflow/function")
"""One mode of each framework."""


def check_variants(names: tuple[str, ...]) -> None:
    """Raises `UsageError` for a name that says nothing."""
    for name in names:
        treatment(name)


def dense(
    referee: Referee,
    graph: Graph,
    start: Weights,
    course: Course,
    epochs: int,
    seed: int,
) -> tuple[Weights, Variant]:
    """The network as it is trained; with no epochs, with the weights that it has."""
    about, steps = "the network with its own weights", 0
    weights = start
    if epochs:
        weights, curve = referee.train(graph, course, start, epochs, seed)
        steps = epochs * (len(course.targets) // course.recipe.batch_size)
        about = f"the network after {len(curve.loss)} epochs in float32"
    return weights, Variant(DENSE, about, graph.count_parameters(), flops(graph), None, None, steps)


def made(
    name: str, referee: Referee, dense: Network, course: Course, epochs: int, seed: int
) -> tuple[Graph, Weights, Variant]:
    """The dense network after something was done to it, with as many epochs of fine-tuning as it
    was trained for, and one at least. Raises `UsageError` where it cannot be done."""
    chosen = treatment(name)
    tuned = treat(chosen, dense.graph, dense.weights, referee, course, max(1, epochs), seed)
    variant = Variant(
        name,
        chosen.about,
        tuned.parameters,
        flops(tuned.graph),
        trained_steps=tuned.steps,
        notes=list(tuned.notes),
    )
    return tuned.graph, tuned.weights, variant


def proven(
    network: Network, course: Course, dataset: Dataset, request: Request
) -> tuple[Verdict | None, str]:
    """Whether a variant is one network in both frameworks, down to gradients and training steps;
    without a verdict, why there is none."""
    modes = [mode for mode in PROVEN_IN if installed(mode.partition("/")[0])]
    if len(modes) < 2:
        return None, "not proven: one framework is not installed"
    model = Model(network.graph, network.name, weights=network.weights)
    try:
        report = prove(
            model,
            recipe=course.recipe,
            modes=modes,
            data=dataset,
            threads=request.threads,
            timeout_s=request.timeout_s,
        )
    except IsogradError as error:
        return None, f"not proven: {error.what}"
    lost = [mode.label for mode in report.modes if mode.proof is None]
    return (None, f"not proven in {lost[0]}") if lost else (report.verdict, "")


def flops(graph: Graph) -> int | None:
    """Floating-point operations of one example; None where those of some op are not known."""
    found = [cost.flops for cost in costs(graph, 1).values()]
    return None if None in found else sum(filter(None, found))


def keep(network: Network, directory: Path) -> None:
    """Stores a network, so that a run that is resumed finds it."""
    store.save(network.graph, network.weights, _folder(directory, network.name))


def kept(name: str, directory: Path) -> tuple[Graph, Weights] | None:
    """What `keep` stored, if it did."""
    folder = _folder(directory, name)
    return store.load(folder) if (folder / store.GRAPH_FILE).exists() else None


def _folder(directory: Path, name: str) -> Path:
    return directory / "networks" / name
