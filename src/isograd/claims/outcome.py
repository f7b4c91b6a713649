"""What a rule makes of evidence: figures that speak for or against a statement, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["holds", "does not hold", "depends", "not testable"]

Vote = Literal["for", "against", "open", ""]
"""What a figure says to the statement: it shows it, it shows the contrary, it cannot tell (noise,
or it could not be had); or nothing, where it is there for the reader alone."""


@dataclass
class Figure:
    """One thing that was measured, counted or observed.

    ``subject`` is what it is about in few words (``PyTorch compile``), ``what`` which quantity,
    under which circumstances. ``value`` is in ``unit``, with its 95 % interval where it has one;
    ``text`` stands in its place where it is no number.
    """

    subject: str
    what: str
    vote: Vote = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    text: str = ""


@dataclass
class Outcome:
    """``result`` is what was found, in a sentence or two; ``evidence`` are the files that it
    follows from."""

    verdict: Verdict
    result: str
    figures: list[Figure] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)


def decide(votes: Iterable[Vote]) -> Verdict:
    """The verdict on a statement that says "always".

    It ``holds`` if it was shown wherever it was looked for, with nothing left open; it ``does not
    hold`` if it was shown nowhere, and the contrary somewhere; it ``depends`` if it was shown in
    some cases and not in others. Where nothing decides, it is ``not testable``.
    """
    found = set(votes)
    if "for" in found:
        return "depends" if found & {"against", "open"} else "holds"
    return "does not hold" if "against" in found else "not testable"


def untested(reason: str, figures: Sequence[Figure] = (), evidence: Sequence[str] = ()) -> Outcome:
    """What cannot be tested, why, and what was found nevertheless."""
    return Outcome("not testable", reason, list(figures), list(evidence))


def judged(result: str, figures: Sequence[Figure], evidence: Iterable[str]) -> Outcome:
    """What the figures' votes come to."""
    verdict = decide(figure.vote for figure in figures)
    return Outcome(verdict, result, list(figures), list(dict.fromkeys(evidence)))
