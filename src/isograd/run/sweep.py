"""`sweep`: every cell of a grid, measured once, kept as it comes, and one report over all."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from isograd.errors import WorkerError
from isograd.measure.environment import environment
from isograd.notation import numbers
from isograd.progress import Progress, Silent
from isograd.report.sweep import write_sweep
from isograd.run.folders import open_directory
from isograd.started import command_line, now
from isograd.sweeping.cluster import RayCrew, import_ray
from isograd.sweeping.driver import Driver, in_grid
from isograd.sweeping.estimate import left_s
from isograd.sweeping.grid import Grid, read_grid
from isograd.sweeping.journal import Journal
from isograd.sweeping.races import races
from isograd.sweeping.record import Outcome, Sweep

WORKSHOP = "isograd.sweeping.measuring:Workshop"
"""Who measures a cell."""

REPORT_EVERY_S = 20.0
"""Seconds between two reports that are written while a sweep goes on."""


@dataclass(frozen=True)
class Where:
    """Where cells run: on this machine, or on the Ray cluster at ``address``, ``parallel`` of them
    at a time on each machine. More than one disturb each other's times."""

    address: str = ""
    parallel: int = 1


def sweep(
    grid: Path | Grid,
    *,
    out: Path | None = None,
    where: Where | None = None,
    again: bool = False,
    progress: Progress | None = None,
    command: str | None = None,
    workshop: str = WORKSHOP,
) -> tuple[Sweep, Path]:
    """Measures the cells of a grid that have not been measured in this folder yet.

    Args:
        grid: a TOML file, see `isograd.sweeping.grid`.
        out: a new folder, or that of a sweep that is to go on, with this grid or a larger one; by
            default a new one under ``isograd-runs``.
        where: this machine, one cell at a time, or something else.
        again: try cells again that failed the last time.
        progress: who is told about it.
        command: the line that the report shows for doing it again.
        workshop: who measures a cell, as ``module:Class``.

    Returns what was found and its folder, in which ``cells.jsonl``, ``sweep.json`` and
    ``sweep.html`` lie. Ctrl-C ends it early; every cell that ended is kept.

    Raises `UsageError` for a bad grid, a folder that another sweep is at work in, or a cluster that
    is not there; `MissingDependency` without Ray.

    """
    found = read_grid(grid) if isinstance(grid, Path) else grid
    import_ray()
    folder = open_directory(out, Path(found.path).stem)
    with Journal(folder) as journal:
        if again:
            journal.forget_failures()
        place = where or Where()
        record = _new(found, place, command)
        run = _Run(found, journal, folder, record, progress or Silent(), workshop)
        return run.everything(place), folder


class _Run:
    """One run of the driver over a grid."""

    def __init__(
        self,
        grid: Grid,
        journal: Journal,
        folder: Path,
        record: Sweep,
        progress: Progress,
        workshop: str,
    ) -> None:
        self.grid, self.journal, self.folder, self.record = grid, journal, folder, record
        self.progress, self.workshop = progress, workshop
        self._begin = perf_counter()
        self._written = 0.0
        self._places = 1

    def everything(self, where: Where) -> Sweep:
        self._write()
        if not self.record.missing:
            self.record.status = "complete"
        else:
            self._drive(where)
        self._write()
        return self.record

    def _drive(self, where: Where) -> None:
        conditions = self.grid.conditions
        crew = RayCrew(
            self.workshop,
            address=where.address or None,
            parallel=where.parallel,
            threads=conditions.threads,
            device=conditions.device,
        )
        with closing(crew):
            self._places = len(crew.places)
            self.progress.phase("measuring", len(self.record.missing))
            try:
                Driver(self.grid, self.journal, crew, self._ended).run()
                self.record.status = "complete"
            except KeyboardInterrupt:
                self.record.reason = "interrupted"
            except WorkerError as error:
                self.record.reason = error.what

    def _ended(self, outcome: Outcome) -> None:
        self.record.outcomes = in_grid(self.journal.outcomes.values(), self.grid)
        left = left_s(self.record.missing, self.record.outcomes, self._places)
        ahead = "" if not left else f", about {numbers.seconds(left)} left"
        self.progress.advance(f"{outcome.cell.label}: {_figure(outcome)}{ahead}")
        if perf_counter() - self._written > REPORT_EVERY_S:
            self._write()

    def _write(self) -> None:
        self.record.outcomes = in_grid(self.journal.outcomes.values(), self.grid)
        self.record.races = races(self.record.outcomes)
        self.record.duration_s = perf_counter() - self._begin
        write_sweep(self.record, self.folder, replace=True)
        self._written = perf_counter()


def _figure(outcome: Outcome) -> str:
    if not outcome.ok or outcome.step is None:
        return outcome.status
    return numbers.time(outcome.step.us.median)


def _new(grid: Grid, where: Where, command: str | None) -> Sweep:
    return Sweep(
        command=command_line(command),
        created=now(),
        grid=grid.path,
        networks=grid.networks,
        conditions=grid.conditions,
        cells=grid.cells,
        environment=environment(),
        parallel=where.parallel,
        address=where.address,
    )
