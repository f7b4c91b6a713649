"""The ranked list: options within the limits, their reasons added up, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from isograd.advice import Out, Ranked
from isograd.advise.facts import reach
from isograd.advise.measured import Measured, Trained, latency
from isograd.advise.profile import Profile
from isograd.advise.reasons import Best, Option, reasons
from isograd.deploy.target import Target, parse_target
from isograd.frontier import Frontier, Point
from isograd.notation.names import title

MATTERS = math.log2(1.1)
"""Below so many points, a tenth in time, two options are the same for all purposes."""

DRAWS = 4000
"""How often figures are moved within their intervals."""


def rank(profile: Profile, measured: Measured) -> tuple[list[Ranked], list[Out]]:
    """All options, the best first, and what is none, with the reason.

    Raises `UsageError` where the profile's limits are none.
    """
    out: list[Out] = []
    trained = list(_racing(measured.trained, out))
    forms = _forms(profile, measured, out)
    options = list(_options(trained, forms, profile, measured))
    if not options:
        return [], out
    best = Best.of(options, profile)
    ranked = [_ranked(option, profile, measured, best) for option in options]
    return sorted(ranked, key=lambda one: -one.points), out


def _racing(modes: Sequence[Trained], out: list[Out]) -> Iterator[Trained]:
    for mode in modes:
        if mode.parted or mode.step is None:
            out.append(Out(f"training in {title(mode.framework)} {mode.mode}", mode.parted))
        else:
            yield mode


def _options(
    trained: Sequence[Trained], forms: Sequence[Point], profile: Profile, measured: Measured
) -> Iterator[Option]:
    """Each way to train, with each framework's best form; with none where none was asked for or
    measured. Forms that were measured but do not do leave no option."""
    for mode in trained:
        if not profile.ships or measured.shipped is None:
            yield Option(mode, None)
        else:
            yield from (Option(mode, form) for form in forms)


def _ranked(option: Option, profile: Profile, measured: Measured, best: Best) -> Ranked:
    found = reasons(option, profile, measured, best)
    return Ranked(
        option.trained.framework,
        option.trained.mode,
        option.form.id if option.form else "",
        sum(reason.points for reason in found),
        found,
    )


def _forms(profile: Profile, measured: Measured, out: list[Out]) -> list[Point]:
    """The best form of each framework that reaches the target within the limits."""
    found = measured.shipped
    if found is None or not profile.ships:
        return []
    limits = parse_target(profile.limits, tuple(found.batches)) if profile.limits else None
    groups: dict[str, list[Point]] = {}
    for point in found.points:
        why, source = _unfit(point, profile, limits, found)
        if why:
            out.append(Out(point.id, why, source or measured.shipped_source))
        else:
            groups.setdefault(point.candidate.partition("/")[0], []).append(point)
    return [min(points, key=lambda point: _cost(point, profile)) for points in groups.values()]


def _unfit(
    point: Point, profile: Profile, limits: Target | None, found: Frontier
) -> tuple[str, str]:
    """Why a form is no option, and the source of that where it is a fact; empty where it is one."""
    if point.status != "ok":
        return f"{point.status}: {point.reason}", ""
    if point.verdict == "different":
        return "it does not compute what the network computes", ""
    fact = reach(point.runtime, profile.target)
    if fact and not fact.reaches:
        return f"{fact.text} (looked up {fact.date})", fact.source
    if limits and not limits.reached(point):
        return f"it is not within {_missed(point, limits)}", ""
    return "", ""


def _missed(point: Point, limits: Target) -> str:
    """The bounds that it does not meet, as the user wrote them."""
    words = [word.strip() for word in limits.text.split(",") if word.strip()]
    pairs = zip(words, limits.bounds, strict=True)
    return ", ".join(word for word, bound in pairs if not bound.meets(point))


def _cost(point: Point, profile: Profile) -> float:
    """What a form loses by its latency and size, up to a constant."""
    weights, figure = profile.weighing, latency(point, profile.batch, "")
    cost = weights.latency * math.log2(figure.value) if figure else 0.0
    return cost + (weights.size * math.log2(point.size) if point.size else 0.0)


def sureness(ranked: Sequence[Ranked], noise: float) -> float | None:
    """How often the first one stays first when every measured figure moves within its interval,
    each by itself, but the same figure alike in all options. No figure is better known than the
    ``noise`` between two identical workers. None for a single option, and where no figure with an
    interval is among the reasons.
    """
    if len(ranked) < 2 or not any(r.spread for one in ranked for r in one.reasons):
        return None
    generator = np.random.default_rng(0)
    floor = math.log2(1.0 + max(noise, 0.0)) / 2
    figures = sorted({r.figure for one in ranked for r in one.reasons if r.spread})
    moves = {figure: generator.standard_normal(DRAWS) for figure in figures}
    totals = []
    for one in ranked:
        total = np.full(DRAWS, one.points)
        for reason in one.reasons:
            if reason.spread:
                total += max(reason.spread, floor * reason.weight) * moves[reason.figure]
        totals.append(total)
    return float(np.mean(np.argmax(totals, axis=0) == 0))


def apart(ranked: Sequence[Ranked]) -> float | None:
    """How many points lie between the best options of the first framework and of any other."""
    first = ranked[0] if ranked else None
    other = next((one for one in ranked if first and one.framework != first.framework), None)
    return None if first is None or other is None else first.points - other.points
