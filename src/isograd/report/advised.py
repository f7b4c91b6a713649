"""The page about advice."""

from __future__ import annotations

from pathlib import Path

from isograd.advice import Advice
from isograd.advise.facts import facts
from isograd.report import advice_answer as say
from isograd.report.files import write_record
from isograd.report.page import render_page


def write_advice(found: Advice, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Raises `UsageError` when a file exists already and ``replace`` is not set, and when the folder
    cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Advice) -> str:
    """The whole page."""
    used = {reason.source for one in found.ranked for reason in one.reasons}
    used |= {one.source for one in found.out}
    return render_page(
        "advice.html.j2",
        found.to_json(),
        ["style.css", "advice.css"],
        found=found,
        say=say,
        respects=say.respects(found),
        looks=say.looks(found),
        leaders=say.leaders(found),
        ships=any(one.form for one in found.ranked),
        rival=say.rival(found),
        duel=list(say.duel(found)),
        looked_up=[fact for fact in facts() if fact.source in used],
        excluded=say.excluded(found),
    )
