"""The page that links all parts of a study."""

from __future__ import annotations

from pathlib import Path

from isograd.report import study_answer
from isograd.report.files import write_record
from isograd.report.page import render_page
from isograd.study import Study


def write_study(found: Study, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Raises `UsageError` when a file exists already and ``replace`` is not set, and when the folder
    cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Study) -> str:
    """The whole page."""
    styles = ["style.css", "study.css"]
    return render_page("study.html.j2", found.to_json(), styles, found=found, say=study_answer)
