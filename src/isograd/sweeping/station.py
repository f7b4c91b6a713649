"""The process in which cells are measured, one after the other: what runs at a crew's place."""

from __future__ import annotations

import importlib
import platform
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from isograd.errors import IsogradError, MissingDependency, WorkerError
from isograd.measure.environment import environment

LINES = 40
"""Of what a worker printed that are kept where it failed."""


class Workshop(Protocol):
    """Who measures; a class without arguments, named by ``module:Class``."""

    def measure(self, task: dict[str, Any]) -> dict[str, Any]:
        """Fields of an `Outcome` for a `Task`, both as plain data. Raises `IsogradError` where it
        cannot be had."""

    def close(self) -> None:
        """Ends what it started."""


class Station:
    """Nothing but plain data goes in and comes out; what it runs is named, never sent."""

    def __init__(self, workshop: str) -> None:
        module, _, name = workshop.partition(":")
        self._workshop: Workshop = getattr(importlib.import_module(module), name)()
        self._machine = {"host": platform.node(), "processor": environment()["processor"]}

    def measure(self, task: dict[str, Any]) -> dict[str, Any]:
        """The outcome's fields. A failure is one as well: with ``status`` and ``reason``, and with
        ``again`` where another attempt may end better."""
        begin = perf_counter()
        try:
            found = {"status": "ok", **self._workshop.measure(task)}
        except Exception as error:
            found = _failure(error)
        return {**self._machine, **found, "seconds": perf_counter() - begin}

    def close(self) -> None:
        """Ends what runs here."""
        self._workshop.close()


def _failure(error: Exception) -> dict[str, Any]:
    if isinstance(error, WorkerError):
        found = {"status": error.status, "reason": error.what, "again": True}
    elif isinstance(error, MissingDependency):
        found = {"status": "not installed", "reason": error.sentence()}
    elif isinstance(error, IsogradError):
        found = {"status": "unsupported", "reason": error.sentence()}
    else:
        reason = f"{type(error).__name__}: {error}"
        found = {"status": "failed", "reason": reason, "again": True}
    return {**found, "log": _tail(getattr(error, "where", None))}


def _tail(log: str | None) -> str:
    """The end of what a worker printed, if there is such a file."""
    path = Path(log or "")
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES:])
