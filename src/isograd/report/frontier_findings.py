"""What the points of a frontier come to beyond the answer, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isograd.frontier import Frontier, Point, Training
from isograd.notation import numbers
from isograd.notation.names import title
from isograd.report.frontier_answer import DENSE, affordable, baseline, loss, name, smallest

SMALL_LOSS = 0.3
"""Points of accuracy that quantisation may cost without anybody minding."""


SAME_SIZE = 0.05
"""A fraction of the size that is not worth a number."""


def findings(found: Frontier) -> list[str]:
    """Sentences about what was measured so far."""
    ran = [point for point in found.points if point.status == "ok"]
    base = baseline(found)
    if base is None or base.status != "ok":
        return []
    return [
        _ran(found, ran),
        *_verdicts(ran),
        *_quantised(ran),
        *_variants(found, ran, base),
        *_starts(ran),
        *map(_training, (one for one in found.trainings if one.verdict)),
    ]


def _ran(found: Frontier, ran: Sequence[Point]) -> str:
    return (
        f"{len(ran)} of {len(found.points)} forms were built, and loaded in a process that has "
        "nothing of isograd."
    )


def _verdicts(ran: Sequence[Point]) -> Iterator[str]:
    """Whether float32 forms compute what the network computes."""
    judged = [point for point in ran if point.verdict]
    odd = [point for point in judged if point.verdict != "equivalent"]
    for point in odd:
        deviation = f"{point.max_abs:.1e}" if point.max_abs is not None else "unknown"
        yield f"{name(point)} is {point.verdict}: up to {deviation} from the network in float64."
    if judged and not odd:
        who = f"All {len(judged)} float32 forms are" if len(judged) > 1 else "The float32 form is"
        yield f"{who} as close to the network in float64 as the reference in float32 is."


def _quantised(ran: Sequence[Point]) -> Iterator[str]:
    forms = [p for p in ran if p.precision == "int8" and p.variant == DENSE and p.lost is not None]
    if not forms:
        return
    costly = [point for point in forms if (point.lost or 0.0) > SMALL_LOSS]
    kept = len(forms) - len(costly)
    rest = "; ".join(f"{name(point)} has {loss(point.lost)}" for point in costly)
    yield (
        f"{kept} of {len(forms)} int8 forms of the network itself lose at most {SMALL_LOSS} points"
        + (f" ({rest})." if rest else ".")
    )


def _variants(found: Frontier, ran: Sequence[Point], base: Point) -> Iterator[str]:
    """Each variant alone, in the baseline's form, and together with the form that is smallest."""
    for variant in dict.fromkeys(point.variant for point in ran if point.variant != DENSE):
        own = [point for point in ran if point.variant == variant]
        alone = next((point for point in own if point.candidate == base.candidate), None)
        together = smallest([p for p in affordable(found) if p.variant == variant and p != alone])
        parts = [_gain(point, base, found.batches[0]) for point in (alone, together) if point]
        if alone and parts:
            yield f"{variant} alone{_trained(found, variant)}: {parts[0]}" + (
                f"; as {name(together).split(',')[0]}: {parts[1]}." if together else "."
            )


def _trained(found: Frontier, variant: str) -> str:
    """More training is a reason of its own for a gain, and is therefore told."""
    steps = next((one.trained_steps for one in found.variants if one.name == variant), 0)
    return f" (trained {steps:,} steps longer)" if steps else ""


def _gain(point: Point, base: Point, batch: int) -> str:
    words = [loss(point.lost)]
    if point.size and base.size:
        words.append(_smaller(base.size / point.size))
    latency = point.latency(batch)
    if latency and latency.ratio:
        text, bounds = numbers.ratio_range(
            latency.ratio.ratio, latency.ratio.low, latency.ratio.high
        )
        words.append(f"{text} {bounds} the time with a batch of {batch}")
    return ", ".join(words)


def _training(one: Training) -> str:
    pace = ""
    if one.step:
        text, bounds = numbers.ratio_range(one.step.ratio, one.step.low, one.step.high)
        pace = f"; a step takes {text} {bounds} the time"
    return (
        f"{title(one.framework)} {one.mode}, trained in {one.precision} and in float32: "
        f"{one.verdict}, by the spread over seeds{pace}."
    )


def _smaller(times: float) -> str:
    if abs(times - 1) < SAME_SIZE:
        return "no smaller"
    return (
        f"{numbers.multiple(times)} smaller"
        if times > 1
        else f"{numbers.multiple(1 / times)} larger"
    )


def _starts(ran: Sequence[Point]) -> Iterator[str]:
    timed = [point for point in ran if point.cold_start_s is not None]
    if len(timed) > 1:
        ends = [f(timed, key=lambda point: point.cold_start_s or 0.0) for f in (min, max)]
        first, last = (f"{name(p)} ({numbers.seconds(p.cold_start_s)})" for p in ends)
        yield f"From the start of a process to its first output: quickest {first}, slowest {last}."
