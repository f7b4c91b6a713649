"""What an explanation comes to, in sentences. The page and the terminal say the same ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from isograd.explanation import NOT_MEASURED, NOT_SEEN, Explanation, Training
from isograd.notation import numbers
from isograd.notation.names import title
from isograd.report.table import seed_spread
from isograd.result import Cause, Effect, FirstDivergence, Spot, Stage


@dataclass(frozen=True)
class Fix:
    """How a cause is mended in one framework's own code; ``twin`` where that is the twin's."""

    framework: str
    code: str
    twin: bool


def counted(count: int, noun: str) -> str:
    """``one cause``, ``12 causes``."""
    return f"{_number(count)} {noun}" if count == 1 else f"{_number(count)} {noun}s"


def _number(count: int) -> str:
    written = numbers.WRITTEN_OUT
    return written[count] if count < len(written) else numbers.count(count)


def headline(found: Explanation) -> str:
    """The whole answer in a few words."""
    if found.verdict == "equivalent":
        accepted = len(found.accepted)
        but = f", but for {counted(accepted, 'accepted difference')}" if accepted else ""
        return f"The same network{but}."
    if found.verdict != "different":
        return "Not proven to be the same network."
    if not found.causes:
        return "Not the same network."
    why = counted(len(found.causes), "cause")
    if found.rest:
        return f"Not the same network: {why}, and something unexplained."
    explain = "explains" if len(found.causes) == 1 else "explain"
    return f"Not the same network. {why.capitalize()} {explain} it."


def evidence(found: Explanation) -> str:
    """On what the answer rests; empty where there is nothing more to say."""
    if found.rest:
        return _sentence(found.rest)
    if not found.causes:
        return _proven(found) if found.verdict == "equivalent" else ""
    reasons = {cause.before.reason for cause in found.causes}
    measured = [cause for cause in found.causes if not cause.before.reason]
    if not measured and reasons - {NOT_MEASURED, NOT_SEEN}:
        return "With the same weights in both, they cannot be computed side by side."
    if not measured:
        return (
            "At a fixed batch, the two agree in every stage; what differs matters in the course "
            "of a training, or for other inputs."
        )
    if len(found.causes) == 1:
        return "Mended in the twin, it leaves nothing: the two then agree in every stage."
    every = "both" if len(found.causes) == 2 else f"all {_number(len(found.causes))}"
    return (
        f"With {every} causes mended in the twin, the two agree in every stage; "
        f"with {_any_of(found, measured)} left in, they do not."
    )


def _any_of(found: Explanation, measured: Sequence[Cause]) -> str:
    """The causes of which each has been shown to be one."""
    if len(measured) == 1:
        return measured[0].id
    if len(measured) == len(found.causes):
        return "either of them" if len(measured) == 2 else "any one of them"
    return f"any one of the {_number(len(measured))} that could be measured"


def _proven(found: Explanation) -> str:
    return (
        f"Every stage agrees, with {numbers.count(found.parameters)} parameters each, down to the "
        "gradients and the optimizer's steps."
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def where_first(found: Explanation) -> str:
    """Where the two first part, in a sentence; empty where they do not."""
    if found.location and found.location.divergences:
        first, *others = found.location.divergences
        ours, theirs = place_words(found, first)
        at = "" if first.node == first.stage else f", at {ours}, in the twin {theirs}"
        more = f"; and at {counted(len(others), 'place')} beside it" if others else ""
        return f"They first part in the stage {first.stage}{at}: {envelopes(first.ratio)}{more}."
    stage = first_stage(found)
    if stage is None:
        return ""
    at = f", at {stage.worst}" if stage.worst else ""
    size = f": {envelopes(stage.ratio)}" if stage.envelope > 0 else ""
    return f"They first part in the stage {stage.name}{at}{size}."


def place_words(found: Explanation, one: FirstDivergence) -> tuple[str, str]:
    """``BatchNorm layer1.bn2 (net.py:12)`` for both sides of a divergence."""
    names = (one.node, one.twin.node)
    sources = (one.reference.source, one.twin.source)
    told = (
        name_of(found, side, name) + (f" ({source})" if source else "")
        for side, (name, source) in enumerate(zip(names, sources, strict=True))
    )
    ours, theirs = told
    return ours, theirs


def name_of(found: Explanation, side: int, node: str) -> str:
    """A node (side 0 is the reference's) by its op and the module that it is in; by its own name
    where no row has it."""
    for row in found.rows:
        spot = (row.reference, row.twin)[side]
        if spot and spot.node == node:
            return f"{spot.op.partition('(')[0]} {spot.scope or spot.node}"
    return node


def first_stage(found: Explanation) -> Stage | None:
    """The first stage in which the two, as they were brought, do not agree."""
    return next((stage for stage in found.stages if stage.verdict != "equivalent"), None)


def envelopes(ratio: float) -> str:
    """A ratio with its unit."""
    return f"{numbers.multiple(ratio)} the rounding envelope"


def effect_words(effect: Effect) -> str:
    """What a network does with a cause in it, or without; or why that could not be measured."""
    if effect.reason:
        return effect.reason
    if effect.verdict == "equivalent":
        return "within rounding"
    size = f"{numbers.multiple(effect.ratio)} the rounding envelope"
    share = relative(effect.max_rel)
    where = f" in {effect.stage}" if effect.stage else ""
    return f"{size}{where}{f', {share} of its scale' if share else ''}"


def relative(fraction: float) -> str:
    """A deviation relative to scale, as a percentage where that is readable; empty where there is
    none."""
    if not math.isfinite(fraction) or fraction <= 0:
        return ""
    if fraction < 1e-5:
        return f"{fraction:.0e}"
    if fraction > 10:
        return numbers.multiple(fraction)
    return f"{fraction * 100:.2g}%" if fraction < 0.995 else f"{fraction * 100:.0f}%"


def spot_words(spot: Spot | None) -> str:
    """``bn1 (net.py:12)``: where an op is, as its owner knows it."""
    if spot is None:
        return "nothing"
    name = spot.scope or spot.node
    return f"{name} ({spot.source})" if spot.source else name


def fixes(found: Explanation, cause: Cause) -> Iterator[Fix]:
    """How to mend a cause, in the twin's framework first."""
    own = found.frameworks[1]
    for framework in sorted(cause.fix, key=lambda name: name != own):
        yield Fix(title(framework), cause.fix[framework], framework == own)


def counts(found: Explanation) -> str:
    """What corresponds, in a sentence; empty where nothing is known."""
    if not found.rows:
        return ""
    kinds = [row.kind for row in found.rows]
    parts = [
        ("that correspond", kinds.count("same") + kinds.count("differs")),
        ("written otherwise", kinds.count("rewritten")),
        ("in the reference only", kinds.count("reference only")),
        ("in the twin only", kinds.count("twin only")),
    ]
    told = [f"{counted(count, 'op')} {what}" for what, count in parts if count]
    differing = kinds.count("differs")
    but = f", of which {counted(differing, 'op')} {'differs' if differing == 1 else 'differ'}"
    if told and differing:
        told[0] += but
    return f"{'; '.join(told).capitalize()}." if told else ""


def ends(trainings: Sequence[Training]) -> list[tuple[str, str, str, int]]:
    """Name, loss and accuracy after the last epoch (means over seeds), and the number of seeds."""
    return [
        (
            one.name,
            numbers.plain(_mean([curve.loss[-1] for curve in one.curves if curve.loss])),
            numbers.percent(
                _mean([curve.quality[-1] for curve in one.curves if curve.quality]),
                seed_spread(one.curves),
            ),
            len(one.curves),
        )
        for one in trainings
    ]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
