"""The page about a training on several workers."""

from __future__ import annotations

from pathlib import Path

from isograd.report import scaling_answer
from isograd.report.files import write_files
from isograd.report.html import flatten
from isograd.report.page import render_page
from isograd.scaling.record import Scaling

FILES = ("scaling.json", "scaling.html")
"""What is written about a training on several workers."""


def write_scaling(found: Scaling, folder: Path, *, replace: bool = False) -> Path:
    """Writes `FILES` into a folder, which is made if it is not there, and returns the page's path.
    Raises `UsageError` when a file exists already and ``replace`` is not set."""
    texts = zip(FILES, (found.to_json(), render(found)), strict=True)
    write_files(folder, dict(texts), replace=replace)
    return folder / FILES[1]


def render(found: Scaling) -> str:
    """The whole page."""
    return render_page(
        "scaling.html.j2",
        found.to_json(),
        ["style.css"],
        found=found,
        say=scaling_answer,
        settings=[
            (name, list(flatten(group)))
            for name, group in (
                ("Model", found.model),
                ("Data", found.data),
                ("Training", found.training),
                ("Measuring", found.settings),
                ("Environment", found.environment),
            )
        ],
    )
