"""Speeds as figures: who is how many times as fast as whom, and what that says."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.claims.outcome import Figure, Vote
from isograd.evidence import Found
from isograd.frontier import Frontier, Point
from isograd.measure.standing import NOISY, OPPOSITE, is_fair
from isograd.measure.stats import verdict
from isograd.notation.names import title
from isograd.result import Comparison, Mode, Result

TIMES = "× as fast"

RESTLESS = 2.0
"""Where a tenth of the calls take so many times the median, something else was going on."""


def speed(found: Comparison, subject: str, what: str) -> Figure:
    """How many times as fast ``a`` is as ``b``, as a vote on "a is faster"."""
    low, high = 1 / found.high, 1 / found.low
    return Figure(subject, what, is_faster(found), 1 / found.ratio, low, high, TIMES)


def is_faster(found: Comparison) -> Vote:
    """What a measured ratio says to "a is faster".

    It shows it only if the whole interval is beyond the noise floor and beyond `NOISY`: processes
    that run the same differ by some per cent for as long as they live, and a difference that nobody
    cares about is no ground for a general statement. An interval that lies within `NOISY` speaks
    against it; one that reaches beyond leaves it open.
    """
    if found.verdict == "slower":
        return "against"
    if found.verdict == "faster" and found.high < 1 / (1 + NOISY):
        return "for"
    within = found.low >= 1 / (1 + NOISY) and found.high <= 1 + NOISY
    return "against" if within and found.verdict != "could not run" else "open"


def turned(found: Comparison) -> Comparison:
    """The same, seen from ``b``."""
    other = OPPOSITE.get(found.verdict, found.verdict)
    return Comparison(found.b, found.a, 1 / found.ratio, 1 / found.high, 1 / found.low, other)


def label(framework: str, name: str) -> str:
    """``PyTorch compile``."""
    return f"{title(framework)} {name}"


# Training steps -------------------------------------------------------------------------------


def fair(compares: Sequence[Found[Result]]) -> list[Found[Result]]:
    """The newest comparison of each network and batch size whose speeds may be compared."""
    newest: dict[tuple[object, ...], Found[Result]] = {}
    for found in compares:
        if is_fair(found.record):
            newest.setdefault(workload(found.record), found)
    return list(newest.values())


def workload(result: Result) -> tuple[str, int, int]:
    """The network's name, its parameters, and the batch size."""
    model = result.model
    return str(model["name"]), int(model["parameters"]), int(result.training["batch_size"])


def named(result: Result) -> str:
    """``mnist-mlp, batch of 64``."""
    name, _, batch = workload(result)
    return f"{name}, batch of {batch}"


def is_sound(mode: Mode) -> bool:
    """Whether it was timed and proven to be the same network."""
    return mode.status == "ok" and mode.step_us is not None and mode.verdict == "equivalent"


# Calls of shipped forms -----------------------------------------------------------------------


def call_ratio(frontier: Frontier, a: Point, b: Point, batch: int) -> Comparison | None:
    """The time of a call of ``a`` over that of ``b``. Both were measured in turns with the
    baseline: of two others, interval arithmetic makes one ratio, which is wider than a direct one
    would be. They ran at different times, so that it decides nothing if the machine was not quiet
    at one of them. None where one of them was not measured."""
    first, second = a.latency(batch), b.latency(batch)
    if first is None or second is None:
        return None
    if second.ratio is None:
        return first.ratio
    if first.ratio is None:
        return turned(second.ratio)
    low, high = first.ratio.low / second.ratio.high, first.ratio.high / second.ratio.low
    quiet = all(one.p90_ms < RESTLESS * one.p50_ms for one in (first, second))
    said = verdict(low, high, frontier.noise_of(batch)) if quiet else "inconclusive"
    return Comparison(a.id, b.id, first.ratio.ratio / second.ratio.ratio, low, high, said)


def calls(frontier: Frontier, a: str, b: str, subject: str) -> list[Figure]:
    """How many times as fast the form ``a`` is as ``b``, for each batch size; open where one of the
    two failed, nothing where one was not asked for."""
    points = {point.id: point for point in frontier.points}
    if a not in points or b not in points:
        return []
    against = b.partition("/")[2]
    for point in (points[a], points[b]):
        if point.status != "ok":
            why = f"{point.candidate}: {point.status}. {point.reason}"
            return [Figure(subject, f"a call, against {against}", "open", text=why)]
    return [
        speed(found, subject, f"a call with a batch of {batch}, against {against}")
        for batch in frontier.batches
        if (found := call_ratio(frontier, points[a], points[b], batch))
    ]
