"""What probes found, in words and signs; shared by the terminal and the page."""

from __future__ import annotations

from collections import Counter

from isograd.notation.names import enumeration, title
from isograd.probes.result import Answer, Probes

SIGNS = {"yes": "●", "partly": "◐", "no": "○"}
"""One sign for each answer, so that colour is never the only carrier."""

NONE = "–"
"""Stands where a probe could not run; the reason is given below."""


def name(label: str) -> str:
    """``PyTorch compile`` for ``torch/compile``."""
    framework, _, mode = label.partition("/")
    return f"{title(framework)} {mode}"


def frameworks(found: Probes) -> list[str]:
    """Those that were asked, in order."""
    return list(dict.fromkeys(answer.framework for answer in found.answers))


def modes(found: Probes, framework: str) -> list[str]:
    """The modes of a framework that were asked."""
    of = (answer.mode for answer in found.answers if answer.framework == framework)
    return list(dict.fromkeys(of))


def cell(answer: Answer | None) -> str:
    """``● yes``, or what became of the probe."""
    if answer is None or answer.answer is None:
        return NONE
    return f"{SIGNS[answer.answer]} {answer.answer}"


def at(found: Probes, question: str, label: str) -> Answer | None:
    """One mode's answer to one question."""
    return next((answer for answer in found.of(question) if answer.label == label), None)


def tally(found: Probes, label: str) -> Counter[str]:
    """How often a mode says yes, partly and no."""
    return Counter(a.answer for a in found.answers if a.label == label and a.answer)


def answered(found: Probes) -> int:
    """How many questions have been answered by some mode."""
    return sum(any(answer.answer for answer in found.of(q.name)) for q in found.questions)


def headline(found: Probes) -> str:
    """Who says yes most often, in each framework."""
    total = answered(found)
    if not total:
        return "No probe could run."
    parts = []
    for framework in frameworks(found):
        counts = {mode: tally(found, f"{framework}/{mode}") for mode in modes(found, framework)}
        most = max(count["yes"] for count in counts.values())
        best = [mode for mode, count in counts.items() if count["yes"] == most]
        if any(counts.values()):
            says = "says" if len(best) == 1 else "say"
            parts.append(f"{title(framework)} {enumeration(best)} {says} yes to {most} of {total}")
    return f"{'; '.join(parts)}."


def differs(found: Probes, question: str) -> bool:
    """Whether modes answer differently."""
    return len({answer.answer for answer in found.of(question) if answer.answer}) > 1


def troubles(found: Probes) -> list[Answer]:
    """What could not run, other than for want of a framework, or not yet."""
    return [a for a in found.answers if a.status not in ("ok", "not reached")]
