"""The page about what each framework lets you do."""

from __future__ import annotations

from pathlib import Path

from isograd.probes.result import Probes
from isograd.records import kind_of
from isograd.report import probes_answer
from isograd.report.files import write_files, write_record
from isograd.report.html import flatten
from isograd.report.page import render_page

PAGE = kind_of(Probes).page


def write_page(found: Probes, folder: Path) -> Path:
    """Writes the page beside the record of a run, and returns its path."""
    write_files(folder, {PAGE: render(found)})
    return folder / PAGE


def write_probes(found: Probes, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Probes) -> str:
    """The whole page."""
    return render_page(
        "probes.html.j2",
        found.to_json(),
        ["style.css", "probes.css"],
        ["script.js", "probes.js"],
        found=found,
        say=probes_answer,
        observed=lambda answer: flatten(answer.observed),
        settings=flatten(found.environment),
    )
