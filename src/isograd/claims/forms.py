"""The results of `isograd optimize` that statements are held against."""

from __future__ import annotations

from isograd.claims.speeds import label
from isograd.deploy.search import DENSE
from isograd.evidence import Evidence, Found
from isograd.frontier import Frontier, Point

NOTHING = "No result of isograd optimize with these forms is there."


def frontiers(evidence: Evidence) -> list[Found[Frontier]]:
    """The newest one of each network that has something that ran."""
    newest: dict[tuple[object, ...], Found[Frontier]] = {}
    for found in evidence.frontiers:
        if ran(found.record):
            model = found.record.model
            newest.setdefault((model.get("name"), model.get("parameters")), found)
    return list(newest.values())


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
