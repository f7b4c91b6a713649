"""The page about what is said of both frameworks."""

from __future__ import annotations

from pathlib import Path

from isograd.claims.record import Claims
from isograd.records import PAGES
from isograd.report import claims_plot, claims_words
from isograd.report.files import write_record
from isograd.report.glossary import CLAIM_WORDS
from isograd.report.html import grouped
from isograd.report.page import render_page


def write_claims(found: Claims, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Claims) -> str:
    """The whole page."""
    return render_page(
        "claims.html.j2",
        found.to_json(),
        ["style.css", "claims.css"],
        found=found,
        say=claims_words,
        plot=claims_plot,
        page_of=page_of,
        settings=grouped({"Environment": found.environment}),
        glossary=CLAIM_WORDS,
    )


def page_of(path: str) -> str:
    """Where a person reads a record: the page beside it, or the record itself."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{PAGES.get(name, name)}"
