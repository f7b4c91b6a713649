"""Reports of a result: in the terminal, as one HTML page, as Markdown and as JSON."""

from __future__ import annotations

from pathlib import Path

from isograd.records import kind_of
from isograd.report.files import claim_files, write_file
from isograd.result import Result
from isograd.views.document import Graphs

FILES = (*kind_of(Result).files, "report.md")
"""What a report consists of."""


def write(
    result: Result, directory: Path, *, replace: bool = False, graphs: Graphs | None = None
) -> list[Path]:
    """Writes `FILES` into a directory, which is made if it is not there, and returns their paths.
    The page has the graphs of the network, where they are given, and their record lies beside it.

    Each file is complete or not there at all, so that this may be called again and again with
    ``replace`` while a run goes on. Raises `UsageError` when a file exists already and ``replace``
    is not set, and when the directory cannot be written to.
    """
    from isograd.report import html, markdown  # here, so that a command starts without Jinja

    claim(directory, replace=replace)
    texts = (result.to_json(), html.render(result, graphs), markdown.render(result))
    paths = [directory / name for name in FILES]
    for path, text in zip(paths, texts, strict=True):
        write_file(path, text)
    if graphs:
        write_file(directory / kind_of(Graphs).file, graphs.to_json())
    return paths


def claim(directory: Path, *, replace: bool = False) -> None:
    """Makes the directory and sees to it that a report may be written there, before anything is
    measured. Raises `UsageError` as `write` does."""
    claim_files(directory, FILES, replace=replace)
