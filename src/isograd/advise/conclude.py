"""The whole advice of a profile and what was measured."""

from __future__ import annotations

from dataclasses import asdict

from isograd.advice import Advice
from isograd.advise.changes import changes
from isograd.advise.facts import on_hardware
from isograd.advise.measured import Measured
from isograd.advise.profile import Profile
from isograd.advise.rank import MATTERS, apart, rank, sureness
from isograd.notation.names import title
from isograd.started import now


def advise(profile: Profile, measured: Measured, *, model: str, command: str) -> Advice:
    """Ranks, says how sure that is, and what would change it.

    Raises `UsageError` where the profile's limits are none.
    """
    ranked, out = rank(profile, measured)
    found = Advice(
        command,
        now(),
        model,
        asdict(profile),
        asdict(profile.weighing),
        measured.versions,
        ranked=ranked,
        out=out,
        sure=sureness(ranked, measured.noise),
        frameworks_apart=apart(ranked),
        changes=changes(profile, measured, ranked),
        cautions=_cautions(profile, measured),
        evidence=_evidence(measured),
    )
    close = found.frameworks_apart is not None and found.frameworks_apart < MATTERS
    found.same = close and measured.on(profile.hardware)
    found.open = close and not found.same
    return found


def _cautions(profile: Profile, measured: Measured) -> list[str]:
    """What the advice does not know."""
    found = list(measured.cautions)
    if not measured.on(profile.hardware):
        known = [f for f in ("torch", "tensorflow") if on_hardware(f, profile.hardware)]
        reach = f" {' and '.join(map(title, known))} train there." if known else ""
        found.append(
            f"Training was measured on {measured.device}, not on {profile.hardware}: which is "
            f"faster there is open, and does not count here.{reach}"
        )
    if profile.target not in ("server", "research"):
        found.append(
            f"Latency and memory were measured on this machine, not on a {profile.target}: their "
            "order may carry over, the figures do not."
        )
    if profile.ships and measured.shipped is None:
        found.append("What is shipped was not measured: isograd optimize does.")
    if not measured.debugged and profile.debugging != "low":
        found.append("Nothing is known of debugging here: isograd probe asks.")
    if profile.workers > 1 and not measured.scaled:
        found.append(f"How it scales to {profile.workers} workers was not measured: isograd scale.")
    return found


def _evidence(measured: Measured) -> list[str]:
    """The results that it goes by."""
    sources = [one.step.source for one in measured.trained if one.step]
    sources += [measured.shipped_source] if measured.shipped else []
    sources += [one.source for one in measured.debugged]
    sources += [measured.without_python_source] if measured.without_python else []
    sources += [one.efficiency.source for one in measured.scaled]
    return list(dict.fromkeys(sources))
