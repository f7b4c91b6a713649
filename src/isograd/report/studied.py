"""The page that links all parts of a study."""

from __future__ import annotations

from pathlib import Path

from isograd.report.files import write_record
from isograd.study import Study

FILES = ("study.json", "study.html")
"""What is written about a study, beside its parts' folders."""

DONE = {"ok": "✓", "failed": "≠", "not reached": "–"}
"""One sign for each state, so that colour is never the only carrier."""


def write_study(found: Study, folder: Path, *, replace: bool = False) -> Path:
    """Writes `FILES` into a folder, which is made if it is not there, and returns the page's path.

    Raises `UsageError` when a file exists already and ``replace`` is not set, and when the folder
    cannot be written to.
    """
    return write_record(found, render(found), FILES, folder, replace=replace)


def render(found: Study) -> str:
    """The whole page."""
    from isograd.report import studied
    from isograd.report.page import render_page

    styles = ["style.css", "study.css"]
    return render_page("study.html.j2", found.to_json(), styles, found=found, say=studied)


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
