"""Where a run's results go: a folder of its own, which is never written over."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from isograd.errors import UsageError
from isograd.records import kind_of
from isograd.result import Saved


def new_directory(path: Path | None, name: str, record: type[Saved]) -> Path:
    """A folder for results that holds no such record yet; without a ``path`` it is a new one called
    ``name``. Raises `UsageError` if it holds one, or cannot be written."""
    if path and (path / kind_of(record).file).exists():
        raise UsageError(
            "This folder already holds a result, which is not overwritten.",
            where=str(path),
            hint="Choose another --out, or leave it out to get a new folder.",
        )
    return open_directory(path, name)


def open_directory(path: Path | None, name: str) -> Path:
    """A folder that is there, or is made; without a ``path`` it is a new one called ``name``.
    Raises `UsageError` where it cannot be written."""
    directory = path or fresh_folder(name)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".isograd"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"Cannot write there: {error.strerror}.", where=str(directory)) from None
    return directory


def fresh_folder(name: str) -> Path:
    """A folder under ``isograd-runs`` that is not there yet."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    base = Path("isograd-runs") / f"{name}-{stamp}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path
