"""Variants of the network: made once, stored in the run's folder, and loaded from there again."""

from __future__ import annotations

from pathlib import Path

from isograd.deploy.search import DENSE
from isograd.errors import unknown
from isograd.frontier import Variant
from isograd.ir import store
from isograd.ir.graph import Graph, Weights
from isograd.run.forms import Network
from isograd.run.referee import Referee
from isograd.run.training import Course
from isograd.views.cost import costs

USUAL = (DENSE,)
"""What is looked at where nothing else is asked for."""


def check_variants(names: tuple[str, ...]) -> None:
    """Raises `UsageError` for a name that says nothing."""
    for name in names:
        if name not in USUAL:
            raise unknown("variant", name, USUAL)


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
