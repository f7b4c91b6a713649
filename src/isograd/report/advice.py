"""Cautions: what weakens a result, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from isograd.measure.memory import KEEPING
from isograd.measure.standing import NOISY, standing
from isograd.notation import numbers
from isograd.notation.names import enumeration, full_name, title
from isograd.report.answer import failed_checks, racing
from isograd.result import Mode, Result

OUT = re.compile(r"\s--out[= ]('[^']*'|\S+)")

MANY_FAULTS = 64
"""Pages a step, at some 0.25 to 1 microseconds each, from which on they can be seen in its time."""


@dataclass(frozen=True)
class Caution:
    """``next`` is a command, or empty when there is nothing to run."""

    text: str
    next: str = ""


def cautions(result: Result) -> list[Caution]:
    """Everything that weakens this result, the most serious first."""
    return [
        *_unfair(result),
        *_proof(result),
        *absences(result.modes, again(result.command)),
        *_noise(result),
        *_undecided(result),
    ]


def absences(modes: Sequence[Mode], command: str = "") -> list[Caution]:
    """Why modes could not run, and what to do; ``command`` is what would run them again. Modes
    that are missing for the same reason share a caution."""
    groups: dict[tuple[str, str, str], list[Mode]] = {}
    for mode in modes:
        if mode.status != "ok":
            groups.setdefault((mode.framework, mode.status, mode.reason), []).append(mode)
    return [_absence(group, command) for group in groups.values()]


def _absence(modes: Sequence[Mode], command: str) -> Caution:
    framework, status, reason = modes[0].framework, modes[0].status, modes[0].reason
    debug = f"{command} --debug" if command else ""
    following = {
        "not installed": f"pip install 'isograd[{framework}]'",
        "not reached": command,
        "failed": debug,
        "crashed": debug,
    }.get(status, "")
    which = f"{title(framework)} {enumeration(mode.mode for mode in modes)}"
    text = f"{which}: {status}."
    return Caution(text if reason in ("", following) else f"{text} {reason}", following)


def noise_sentence(result: Result) -> str:
    """The noise floor in one line."""
    if result.noise_floor is None:
        return "Noise floor: not measured."
    floor = numbers.plain(result.noise_floor.fraction * 100, 2)
    return f"Noise floor: identical workers differ by up to {floor}% on this machine."


def again(command: str) -> str:
    """The command without its ``--out``: that folder holds a result by now, which would not be
    overwritten."""
    return OUT.sub("", command)


def _unfair(result: Result) -> list[Caution]:
    failed = failed_checks(result)
    return [Caution(f"The condition {c.name} does not hold: {c.detail}.") for c in failed]


def _proof(result: Result) -> list[Caution]:
    doubtful = [m for m in result.modes if m.verdict not in (None, "equivalent")]
    if not doubtful:
        return []
    names = enumeration(full_name(mode) for mode in doubtful)
    text = f"Not proven equivalent, so out of the race: {names}."
    model = result.model.get("name")
    return [Caution(text, f"isograd prove {model}" if isinstance(model, str) else "")]


def _noise(result: Result) -> list[Caution]:
    if result.noise_floor is None or result.noise_floor.fraction <= NOISY:
        return []
    text = "The machine is noisy: differences below the noise floor cannot be seen. Close what else"
    return [Caution(f"{text} is running, then repeat.", again(result.command)), *_faults(result)]


def _faults(result: Result) -> list[Caution]:
    """Memory that goes back to the system after each step: noise of another kind, which closing
    programs does not end."""
    kept = "MALLOC_TRIM_THRESHOLD_" in result.environment.get("variables", {})
    worst = max(result.modes, key=lambda mode: mode.page_faults or 0)
    if kept or not worst.page_faults or worst.page_faults < MANY_FAULTS:
        return []
    text = (
        f"{full_name(worst)} takes {worst.page_faults:.0f} pages of memory from the system in each "
        "step and gives them back, which another process of the same code may not do. This makes "
        "the C library keep them, in every mode:"
    )
    return [Caution(text, f"{KEEPING} {again(result.command)}")]


def _undecided(result: Result) -> list[Caution]:
    competitors = racing(result.modes)
    if len(competitors) < 2 or failed_checks(result):
        return []
    place = standing(result, competitors)
    if place.decided or place.tied:
        return []
    text = "Too few samples, or too much noise, to tell the fastest modes apart. Repeat on an idle"
    return [Caution(f"{text} machine.", again(result.command))]
