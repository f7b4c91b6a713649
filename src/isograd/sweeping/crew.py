"""Places where cells are measured, as the driver sees them, whoever runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Answer:
    """What came back from a place: a cell's outcome as plain data, or, where the process at the
    place died, None and the reason."""

    place: str
    outcome: dict[str, Any] | None
    lost: str = ""


class Crew(Protocol):
    """Some places, each of which measures one cell at a time."""

    @property
    def places(self) -> Sequence[str]:
        """What they are called; the same for as long as the crew lives."""

    def begin(self, place: str, task: dict[str, Any]) -> None:
        """Has a cell measured at a place that is free. Raises `WorkerError` where nothing can be
        measured any more."""

    def wait(self, timeout_s: float) -> list[Answer]:
        """Answers that are there; waits for one until the time is up."""

    def close(self) -> None:
        """Ends everything."""
