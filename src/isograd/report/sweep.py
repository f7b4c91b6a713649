"""The page about a sweep."""

from __future__ import annotations

from pathlib import Path

from isograd.report.files import write_files
from isograd.sweeping.record import Sweep

FILES = ("sweep.json",)


def write_sweep(found: Sweep, folder: Path, *, replace: bool = False) -> Path:
    """Writes `FILES` into a folder."""
    write_files(folder, {FILES[0]: found.to_json()}, replace=replace)
    return folder / FILES[0]
