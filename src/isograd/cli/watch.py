"""Progress on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.status import Status

if TYPE_CHECKING:
    from isograd.models import Model


def doing(what: str) -> Status:
    """Shows, on standard error, that something is done that has no steps to count."""
    return Console(stderr=True).status(what)


def load_network(name: str, inputs: Sequence[str] | None, *, trust: bool) -> Model:
    """`isograd.load`; that imports the network's framework in a process of its own, which takes a
    while."""
    from isograd.models import load

    with doing(f"{name} is read ..."):
        return load(name, inputs or (), trust=trust)


class TerminalProgress:
    """One bar for each phase of a run, on standard error; see `isograd.progress.Progress`."""

    def __init__(self) -> None:
        self._bars = Bars(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
            console=Console(stderr=True),
        )

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def phase(self, description: str, total: int) -> None:
        """Finishes the bar of the last phase and starts another."""
        self._finish()
        self._task = self._bars.add_task(description, total=total, detail="")

    def advance(self, detail: str = "") -> None:
        """One step further."""
        self._bars.update(self._task, advance=1, detail=detail)

    def _finish(self) -> None:
        for task in self._bars.tasks:
            self._bars.update(task.id, detail="")
            self._bars.stop_task(task.id)
