"""The results of `isograd optimize` that statements are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from isograd.claims.outcome import Figure
from isograd.claims.speeds import label
from isograd.deploy.search import DENSE
from isograd.evidence import Evidence
from isograd.frontier import Frontier, Point

NOTHING = "No result of isograd optimize with these forms is there."


def from_forms(
    evidence: Evidence, figures_of: Callable[[Frontier], Iterable[Figure]]
) -> tuple[list[Figure], list[str]]:
    """The figures of the newest result of each network that has any, and the files that they are
    from."""
    figures: dict[tuple[object, ...], list[Figure]] = {}
    paths = []
    for found in evidence.frontiers:
        model = found.record.model
        network = (model.get("name"), model.get("parameters"))
        own = [] if network in figures else list(figures_of(found.record))
        if own:
            figures[network] = own
            paths.append(str(found.path))
    return [figure for own in figures.values() for figure in own], paths


def ran(frontier: Frontier) -> list[Point]:
    """What could be measured."""
    return [point for point in frontier.points if point.status == "ok"]


def dense(form: str) -> str:
    """The id of a form of the network as it was trained."""
    return f"{DENSE}/{form}"


def named(form: str) -> str:
    """``PyTorch torchscript``."""
    framework, _, name = form.partition("/")
    return label(framework, name)
