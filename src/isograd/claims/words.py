"""Figures in a sentence: whom they show it of, and whom not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isograd.claims.outcome import Figure, Vote
from isograd.notation import numbers
from isograd.notation.names import enumeration

MIXED = "Now the one, now the other"
OPEN = "Undecided"

FEW = 3
"""How many are named in a sentence; the table has all of them."""


def told(figures: Iterable[Figure], shown: str, not_shown: str) -> str:
    """By subject: ``Faster: PyTorch compile (1.4×). Not faster: PyTorch jit (0.9×).`` Where only
    some of a subject's figures decide, it says how many."""
    by: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.vote:
            by.setdefault(figure.subject, []).append(figure)
    groups: dict[str, list[str]] = {shown: [], not_shown: [], MIXED: [], OPEN: []}
    for subject, own in by.items():
        name = _group({figure.vote for figure in own}, shown, not_shown)
        deciding = own if name == OPEN else [figure for figure in own if figure.vote != "open"]
        of = f"in {len(deciding)} of {len(own)} cases" if len(deciding) < len(own) else ""
        about = ", ".join(filter(None, (_span(deciding), of)))
        groups[name].append(f"{subject} ({about})" if about else subject)
    return " ".join(f"{name}: {_listed(who)}." for name, who in groups.items() if who)


def _group(votes: set[Vote], shown: str, not_shown: str) -> str:
    decided = votes - {"open"}
    if decided == {"for", "against"}:
        return MIXED
    return {"for": shown, "against": not_shown}.get(next(iter(decided), ""), OPEN)


def _listed(names: Sequence[str]) -> str:
    if len(names) <= FEW:
        return enumeration(names)
    return f"{', '.join(names[: FEW - 1])} and {len(names) - FEW + 1} others"


def _span(figures: Sequence[Figure]) -> str:
    """``1.4×``, or ``0.9× to 1.4×`` over several; nothing for what is no multiple."""
    values = sorted(figure.value for figure in figures if figure.value is not None)
    if not values or not all(figure.unit.startswith("×") for figure in figures):
        return ""
    ends = dict.fromkeys(f"{numbers.plain(value)}×" for value in (values[0], values[-1]))
    return " to ".join(ends)
