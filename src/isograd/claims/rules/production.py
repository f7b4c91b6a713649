"""What a network can be shipped as, in each framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from isograd.claims.outcome import Figure, Outcome, Vote, untested
from isograd.claims.speeds import label
from isograd.deploy.candidates import CANDIDATES
from isograd.deploy.search import DENSE
from isograd.evidence import Evidence, Found
from isograd.frontier import Frontier, Point
from isograd.notation.names import enumeration, title
from isograd.probes.result import Probes

SAME_FORMAT = {"torch/torchscript-optimized": "torch/torchscript"}
"""Forms that are written in the format of another one."""

RUNNING = "runs-without-python"
"""The question of `isograd probe` whose answers stand beside the formats."""

UNTRIED = ("not reached", "not installed", "timed out", "out of memory")
"""States that say nothing about the format itself."""


def tools_are_richer(evidence: Evidence) -> Outcome:
    """How many formats each framework wrote that a process without isograd loaded and that computed
    the network; beside it, and without a vote, which of them ran without Python."""
    for one in evidence.frontiers:
        states = _formats(one.record)
        if all(any(f == framework for f, _ in states) for framework in ("torch", "tensorflow")):
            return _beside(_outcome(one.record, states, str(one.path)), evidence.probes)
    return untested("No result of isograd optimize with the formats of both frameworks is there.")


def _formats(frontier: Frontier) -> dict[tuple[str, str], Vote]:
    """Framework and format to whether it worked: for, against, or open."""
    points = {point.id: point for point in frontier.points}
    found: dict[tuple[str, str], Vote] = {}
    for candidate in CANDIDATES:
        if candidate.technique == "artefact" and candidate.id not in SAME_FORMAT:
            point = points.get(f"{DENSE}/{candidate.id}")
            framework, _, name = candidate.id.partition("/")
            found[framework, name] = _works(point)
    return found if any(vote == "for" for vote in found.values()) else {}


def _works(point: Point | None) -> Vote:
    if point is None or point.status in UNTRIED:
        return "open"
    if point.status != "ok" or point.verdict == "different":
        return "against"
    return "for" if point.verdict == "equivalent" else "open"


def _outcome(frontier: Frontier, states: dict[tuple[str, str], Vote], path: str) -> Outcome:
    ours, theirs = (_count(states, framework) for framework in ("tensorflow", "torch"))
    figures = [*_listed(frontier, states), *_totals(states)]
    sentence = "; ".join(_sentence(states, framework) for framework in ("torch", "tensorflow"))
    result = f"Written, loaded without isograd, and equivalent: {sentence}."
    if ours[0] > theirs[1]:
        return Outcome("holds", result, figures, [path])
    if ours[1] <= theirs[0]:
        return Outcome("does not hold", result, figures, [path])
    return untested(f"{result} Too many were not tried to tell.", figures, [path])


def _beside(outcome: Outcome, probes: Iterable[Found[Probes]]) -> Outcome:
    """The outcome with what a program without Python could run, where that was asked."""
    for one in probes:
        answers = [answer for answer in one.record.of(RUNNING) if answer.answer]
        if answers:
            what = "what it saves, run by a program without Python"
            said = [(label(a.framework, a.mode), str(a.answer)) for a in answers]
            figures = [Figure(subject, what, text=answer) for subject, answer in said]
            ran = enumeration([one for one, answer in said if answer == "yes"] or ["nothing"])
            return replace(
                outcome,
                result=f"{outcome.result} Run without Python: {ran}.",
                figures=[*outcome.figures, *figures],
                evidence=[*outcome.evidence, str(one.path)],
            )
    return outcome


def _count(states: dict[tuple[str, str], Vote], framework: str) -> tuple[int, int]:
    """Formats that worked, and those that worked or may work."""
    own = [vote for (one, _), vote in states.items() if one == framework]
    return own.count("for"), own.count("for") + own.count("open")


def _sentence(states: dict[tuple[str, str], Vote], framework: str) -> str:
    good = [name for (one, name), vote in states.items() if one == framework and vote == "for"]
    listed = f" ({enumeration(good)})" if good else ""
    return f"{title(framework)} {len(good)} formats{listed}"


def _totals(states: dict[tuple[str, str], Vote]) -> Iterator[Figure]:
    for framework in ("torch", "tensorflow"):
        what = "formats that were written, loaded without isograd, and equivalent"
        yield Figure(
            title(framework), what, "", float(_count(states, framework)[0]), unit="formats"
        )


def _listed(frontier: Frontier, states: dict[tuple[str, str], Vote]) -> Iterator[Figure]:
    points = {point.id: point for point in frontier.points}
    for framework, name in states:
        point = points.get(f"{DENSE}/{framework}/{name}")
        text = "not measured"
        if point is not None:
            text = point.verdict or "not proven" if point.status == "ok" else _trouble(point)
        yield Figure(f"{title(framework)} {name}", "a format", "", text=text)


def _trouble(point: Point) -> str:
    return f"{point.status}. {point.reason}"
