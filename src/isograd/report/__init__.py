"""Reports of a result: in the terminal, as one HTML page, as Markdown and as JSON."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from isograd.errors import UsageError
from isograd.result import Result

FILES = ("result.json", "report.html", "report.md")
"""What a report consists of."""


def write(result: Result, directory: Path, *, replace: bool = False) -> list[Path]:
    """Writes `FILES` into a directory, which is made if it is not there, and returns their paths.

    Each file is complete or not there at all, so that this may be called again and again with
    ``replace`` while a run goes on. Raises `UsageError` when a file exists already and ``replace``
    is not set, and when the directory cannot be written to.
    """
    from isograd.report import html, markdown  # here, so that a command starts without Jinja

    claim(directory, replace=replace)
    texts = (result.to_json(), html.render(result), markdown.render(result))
    paths = [directory / name for name in FILES]
    for path, text in zip(paths, texts, strict=True):
        _write(path, text)
    return paths


def write_json(result: Result, directory: Path) -> Path:
    """Rewrites ``result.json`` alone, at once or not at all: what a run saves after each round.
    Raises `UsageError` when it cannot be written."""
    path = directory / FILES[0]
    _write(path, result.to_json())
    return path


def claim(directory: Path, *, replace: bool = False) -> None:
    """Makes the directory and sees to it that a report may be written there, before anything is
    measured. Raises `UsageError` as `write` does."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _unwritable(directory, error) from None
    taken = [name for name in FILES if (directory / name).exists()]
    if taken and not replace:
        raise UsageError(
            f"There is a report already ({', '.join(taken)}); nothing was overwritten.",
            where=str(directory),
            hint="Choose another directory, or ask for the report to be replaced.",
        )


def _write(path: Path, text: str) -> None:
    """Through a temporary file beside it, so that nobody ever reads half a file."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            file.write(text)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        Path(file.name).chmod(0o666 & ~_umask())
        Path(file.name).replace(path)
    except OSError as error:
        Path(file.name).unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def _umask() -> int:
    """Reading it means setting it. Temporary files are private; a report is like any other file."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"Cannot write the report: {error.strerror or error}.",
        where=str(path),
        hint="Choose a directory that you may write to.",
    )
