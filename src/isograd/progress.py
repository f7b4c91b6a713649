"""How a run tells the outside what it is doing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the phases of a run and the steps within each."""

    def phase(self, description: str, total: int) -> None:
        """A new phase with ``total`` steps begins."""

    def advance(self, detail: str = "") -> None:
        """One step of the phase is done."""


class Silent:
    """Progress that nobody watches."""

    def phase(self, description: str, total: int) -> None:
        """Does nothing."""

    def advance(self, detail: str = "") -> None:
        """Does nothing."""


SILENT = Silent()
