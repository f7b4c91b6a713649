"""What probes found, in words and signs; shared by the terminal and the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from isograd.notation.names import enumeration, title
from isograd.probes.result import Answer, Probes
from isograd.probes.saying import in_line, quoted

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


def because(answer: Answer) -> list[tuple[str, bool]]:
    """The evidence, or the reason why there is none, in pieces; each with whether a program printed
    it, so that it stays as it is in every language."""
    text = answer.evidence or answer.reason
    printed = sorted(filter(None, _printed(answer)), key=len, reverse=True)
    pattern = rf"((?:{'|'.join(map(re.escape, printed))})\.? ?)"
    pieces = re.split(pattern, text) if printed else [text]
    return [(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]


def _printed(answer: Answer) -> Iterator[str]:
    """What evidence and reason quote."""
    yield from _quoted(answer.observed)
    yield from answer.output.strip().splitlines()[-1:]


def _quoted(observed: Any) -> Iterator[str]:
    """Errors, warnings and what was printed, wherever they are in what a snippet saw."""
    if isinstance(observed, list):
        for one in observed:
            yield from _quoted(one)
    if not isinstance(observed, dict):
        return
    if "message" in observed:
        yield quoted(observed)
    elif isinstance(observed.get("error"), str):
        yield in_line(observed["error"])
    yield observed.get("last print", "")
    for warning in observed.get("warnings", ()):
        yield from (warning, warning.split(".")[0])
    for inner in observed.values():
        yield from _quoted(inner)
