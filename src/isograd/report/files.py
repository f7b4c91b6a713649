"""Writing reports: each file at once or not at all, and none over another one by accident."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from isograd.errors import UsageError
from isograd.records import kind_of
from isograd.result import Saved


def claim_files(directory: Path, names: Sequence[str], *, replace: bool = False) -> None:
    """Makes the directory and sees to it that files of these names may be written there.

    Raises `UsageError` when one exists already and ``replace`` is not set, and when the directory
    cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _unwritable(directory, error) from None
    taken = [name for name in names if (directory / name).exists()]
    if taken and not replace:
        raise UsageError(
            f"There is a report already ({', '.join(taken)}); nothing was overwritten.",
            where=str(directory),
            hint="Choose another directory, or ask for the report to be replaced.",
        )


def write_files(directory: Path, texts: Mapping[str, str], *, replace: bool = False) -> None:
    """Writes files of these names: all are claimed first (see `claim_files`), and each is complete
    or not there at all."""
    claim_files(directory, list(texts), replace=replace)
    for name, text in texts.items():
        write_file(directory / name, text)


def write_record(found: Saved, page: str, directory: Path, *, replace: bool) -> Path:
    """Writes a record as JSON and its page under the names of its kind, as `write_files` does, and
    returns the page's path."""
    kind = kind_of(type(found))
    write_files(directory, {kind.file: found.to_json(), kind.page: page}, replace=replace)
    return directory / kind.page


def save_record(found: Saved, directory: Path) -> Path:
    """Rewrites a record alone, whole or not at all: what a run does as it goes. Returns its path;
    raises `UsageError` when it cannot be written."""
    path = directory / kind_of(type(found)).file
    write_file(path, found.to_json())
    return path


def write_file(path: Path, text: str) -> None:
    """Writes through a temporary file beside it, so that nobody ever reads half a file.
    Raises `UsageError` when it cannot."""
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
