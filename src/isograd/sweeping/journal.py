"""The file that a sweep's cells are kept in, one line for each that ended, written once.

A line is on disk before the next cell begins. What a killed process left half-written is cut off
when the file is opened again: that cell had not ended.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType

import cattrs

from isograd.errors import UsageError
from isograd.sweeping.record import Outcome

JOURNAL = "cells.jsonl"


class Journal:
    """Open for one process alone: the file is locked until it is closed or its process ends.

    ``outcomes`` are those that are in it, by key. Raises `UsageError` when another process has it
    open, when it cannot be written, and when a line of it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / JOURNAL
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b")
        except OSError as error:
            raise UsageError(f"Cannot write there: {error.strerror}.", where=str(path)) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise UsageError(
                "Another sweep is at work in this folder.",
                where=str(folder),
                hint="Wait for it, or choose another --out.",
            ) from None
        self._cut_what_is_half_written()
        self.outcomes = read_outcomes(path)

    def append(self, outcome: Outcome) -> None:
        """Writes a line and waits until it is on disk. Only a cell that did not end well may be
        written again; raises `ValueError` otherwise."""
        known = self.outcomes.get(outcome.key)
        if known and known.ok:
            raise ValueError(f"{outcome.cell.label} has been measured already")
        line = json.dumps(cattrs.unstructure(outcome), allow_nan=True)
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.outcomes[outcome.key] = outcome

    def forget_failures(self) -> None:
        """Takes cells that did not end well for cells that were not reached; their lines stay."""
        self.outcomes = {key: one for key, one in self.outcomes.items() if one.ok}

    def close(self) -> None:
        """Gives the lock back."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _cut_what_is_half_written(self) -> None:
        self._file.seek(0)
        whole = self._file.read().rfind(b"\n") + 1
        self._file.truncate(whole)


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """Key to outcome, of the last line of each; a line that is still being written is left out.

    Raises `UsageError` for a line that is none, and for a second one of a cell that was measured.
    """
    found: dict[str, Outcome] = {}
    *lines, _ = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            outcome = cattrs.structure(json.loads(line), Outcome)
        except Exception as error:
            raise _damaged(f"{path}:{number}", str(error)) from None
        if outcome.key in found and found[outcome.key].ok:
            raise _damaged(f"{path}:{number}", f"{outcome.cell.label} is in it twice.")
        found[outcome.key] = outcome
    return found


def _damaged(where: str, why: str) -> UsageError:
    return UsageError("The file of this sweep's cells is damaged.", where=where, hint=why)
