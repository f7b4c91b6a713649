"""What would turn the answer: other wishes of the user's, and other measurements."""

from __future__ import annotations

import math
from collections.abc import Iterator

from isograd.advice import Change, Ranked
from isograd.advise.measured import Measured
from isograd.advise.profile import USUAL_LIMITS, Profile
from isograd.advise.rank import rank
from isograd.notation.names import title

FAR = 8.0
"""A measurement that would have to be so many times another is not worth mentioning."""


def changes(profile: Profile, measured: Measured, ranked: list[Ranked]) -> list[Change]:
    """Each answer that, changed alone, puts another option first, and each respect in which the
    best option of another framework would have to gain to lead."""
    if not ranked:
        return []
    return [*_wishes(profile, measured, ranked[0]), *_figures(ranked)]


def _wishes(profile: Profile, measured: Measured, leader: Ranked) -> Iterator[Change]:
    seen: set[tuple[str, str]] = set()
    for words, other in _variations(profile):
        found, _ = rank(other, measured)
        if not found:
            yield Change("yours", words, "")
            continue
        key = (words.partition(":")[0], found[0].id)
        if found[0].id != leader.id and key not in seen:
            seen.add(key)
            yield Change("yours", words, found[0].id)


def _variations(profile: Profile) -> Iterator[tuple[str, Profile]]:
    """The profile with one answer changed, in words."""
    for target in ("server", "phone", "browser", "microcontroller", "research"):
        no_such = target == "microcontroller" and profile.hardware != "cpu"
        if target != profile.target and not no_such:
            yield f"target: {target}", profile.but(target=target)
    for team in ("torch", "tensorflow", "both"):
        if team != profile.team:
            knows = "both frameworks" if team == "both" else title(team)
            yield f"team: it knows {knows}", profile.but(team=team)
    for code in ("torch", "tensorflow"):
        if code != profile.code:
            yield f"code: it is written in {title(code)}", profile.but(code=code)
    for amount in ("low", "high"):
        if amount != profile.debugging:
            yield f"debugging: {amount}", profile.but(debugging=amount)
    for times in (0.01, 0.1, 10, 100):
        steps = max(1, round(profile.steps * times))
        yield f"steps: {steps:,}", profile.but(steps=steps)
    for batch in (1, 64):
        if batch != profile.batch:
            yield f"batch: calls of {batch}", profile.but(batch=batch)
    if profile.ships and profile.limits not in ("", USUAL_LIMITS):
        yield f"limits: without {profile.limits}", profile.but(limits="")


def _figures(ranked: list[Ranked]) -> Iterator[Change]:
    """How much better one measurement of the next framework's best option would have to be."""
    first = ranked[0]
    other = next((one for one in ranked if one.framework != first.framework), None)
    if other is None:
        return
    for reason in other.reasons:
        if not reason.figure or not reason.weight:
            continue
        gap = (first.points - other.points) / reason.weight
        if 0.0 < gap <= math.log2(FAR):
            yield Change("measured", f"{reason.respect} {2**gap:.2g} times", other.id)
