"""Variants of the network: made once, stored in the run's folder, and loaded from there again."""

from __future__ import annotations

from pathlib import Path

from isograd.compress.variants import treatment
from isograd.deploy.search import DENSE
from isograd.frontier import Variant
from isograd.ir import store
from isograd.ir.graph import Graph, Weights
from isograd.run.fine_tuning import treat
from isograd.run.forms import Network
from isograd.run.referee import Referee
from isograd.run.training import Course
from isograd.views.cost import costs


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
