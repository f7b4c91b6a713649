"""The record of a pretraining or fine-tuning: written while it grows, and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from isograd.errors import WorkerError
from isograd.measure.environment import environment
from isograd.report.files import save_record
from isograd.report.tuning import write_tuning
from isograd.started import command_line, now
from isograd.tuning import Kind, Tuning

EVERY_S = 1.0
"""Seconds between two writings of a record that grows step by step."""


About = dict[str, Any]


def begin(kind: Kind, command: str | None, *, model: About, data: About, training: About) -> Tuning:
    """An empty record."""
    return Tuning(
        kind=kind,
        command=command_line(command),
        created=now(),
        environment=environment(),
        model=model,
        data=data,
        training=training,
    )


class Saver:
    """Rewrites the record, but not more often than every `EVERY_S` seconds."""

    def __init__(self, found: Tuning, directory: Path) -> None:
        self._found, self._directory = found, directory
        self._last = 0.0

    def __call__(self) -> None:
        if perf_counter() - self._last > EVERY_S:
            save_record(self._found, self._directory)
            self._last = perf_counter()


@contextmanager
def kept(found: Tuning, directory: Path) -> Iterator[None]:
    """Whatever ends the run, what was found is written, with the reason and its page. Ctrl-C and a
    worker that fails end it; other errors go on to the caller."""
    start = perf_counter()
    try:
        yield
        found.status = "complete"
    except KeyboardInterrupt:
        found.reason = "interrupted"
    except WorkerError as error:
        found.reason = error.what
    finally:
        found.duration_s = perf_counter() - start
        write_tuning(found, directory, replace=True)
