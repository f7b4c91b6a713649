"""What a study says, in words, the same in every report."""

from __future__ import annotations

from isograd.study import Study

DONE = {"ok": "✓", "failed": "≠", "not reached": "–"}
"""One sign for each state, so that colour is never the only carrier."""


def headline(found: Study) -> str:
    """The last answer, which goes by all the others; else how far it is."""
    done = [part for part in found.parts if part.status == "ok" and part.answer]
    advice = next((part for part in done if part.name == "advise"), None)
    if advice:
        return advice.answer[0]
    return done[0].answer[0] if done else "Nothing is known yet."


def finished(found: Study) -> str:
    """``4 of 5 parts in 8.2 min of 10 min``"""
    done = sum(part.status == "ok" for part in found.parts)
    spent, given = found.duration_s / 60, found.budget_s / 60
    return f"{done} of {len(found.parts)} parts, {spent:.1f} minutes of {given:g}"
