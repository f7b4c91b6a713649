"""Which cell is measured next, where, against which baseline, and what becomes of one that fails.

The unit of scheduling is the group, the cells that are compared with one another: a place takes a
group and works through it, so that the group's baseline stays warm there and all ratios are taken
on one machine. The unit of keeping is the cell: it is written down as soon as it has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import cattrs

from isograd.started import now
from isograd.sweeping.cell import Cell, Task
from isograd.sweeping.crew import Answer, Crew
from isograd.sweeping.grid import Grid
from isograd.sweeping.journal import Journal
from isograd.sweeping.record import Outcome

LOOK_S = 1.0
"""How long the driver waits before it looks again whether it was interrupted."""


@dataclass
class Group:
    """Cells of one model, batch size and seed, in the order of the grid."""

    cells: dict[str, Cell]
    baseline: Cell | None = None
    left: list[str] = field(default_factory=list)

    def next_baseline(self, outcomes: dict[str, Outcome]) -> Cell | None:
        """What the others are measured in turns with: the one that finished cells were, or else the
        first cell that has not failed."""
        if self.baseline is None:
            fit = (c for key, c in self.cells.items() if key not in outcomes or outcomes[key].ok)
            return next(fit, None)
        return self.baseline


@dataclass
class _Work:
    """A cell on its way; ``reasons`` are those of the attempts that failed."""

    group: Group
    task: Task
    reasons: list[str] = field(default_factory=list)


class Driver:
    """Runs the cells of a grid that are not in the journal yet; the only one who writes there."""

    def __init__(
        self,
        grid: Grid,
        journal: Journal,
        crew: Crew,
        on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self.grid, self.journal, self.crew = grid, journal, crew
        self._on_outcome = on_outcome
        self._groups = groups_of(grid, journal.outcomes)
        self._held: dict[str, Group] = {}
        self._running: dict[str, _Work] = {}

    def run(self) -> None:
        """Until each cell has ended. Raises `WorkerError` where nothing can be measured any more;
        Ctrl-C comes through."""
        while True:
            for place in self.crew.places:
                if place not in self._running:
                    self._begin(place)
            if not self._running:
                return
            for answer in self.crew.wait(LOOK_S):
                self._take(answer)

    def _begin(self, place: str) -> None:
        group = self._held.get(place)
        if group is None or not group.left:
            self._held.pop(place, None)
            if not self._groups:
                return
            group = self._held[place] = self._groups.pop(0)
        key = group.left.pop(0)
        self._start(place, _Work(group, self._task(key, group)))

    def _task(self, key: str, group: Group) -> Task:
        cell, grid = group.cells[key], self.grid
        network = grid.networks[cell.model]
        return Task(
            key,
            cell,
            group.next_baseline(self.journal.outcomes) or cell,
            network,
            grid.conditions,
            grid.located(network),
            grid.timeout_s,
        )

    def _start(self, place: str, work: _Work) -> None:
        self._running[place] = work
        self.crew.begin(place, work.task.to_dict())

    def _take(self, answer: Answer) -> None:
        work = self._running.pop(answer.place)
        found = answer.outcome or {"status": "crashed", "reason": answer.lost, "again": True}
        if found.pop("again", False) and len(work.reasons) < self.grid.retries:
            work.reasons.append(f"{found['status']}: {found['reason']}")
            self._start(answer.place, work)
            return
        outcome = _outcome(work, found)
        self.journal.append(outcome)
        if outcome.ok and work.group.baseline is None:
            work.group.baseline = outcome.baseline
        self._on_outcome(outcome)


def _outcome(work: _Work, found: dict[str, Any]) -> Outcome:
    plain = {
        **found,
        "key": work.task.key,
        "cell": cattrs.unstructure(work.task.cell),
        "baseline": cattrs.unstructure(work.task.baseline),
        "attempts": work.reasons,
        "finished": now(),
    }
    return cattrs.structure(plain, Outcome)


def groups_of(grid: Grid, outcomes: dict[str, Outcome]) -> list[Group]:
    """Groups with cells that are left to be measured, in the order of the grid."""
    groups: dict[tuple[str, int, int], Group] = {}
    for key, cell in grid.cells.items():
        group = groups.setdefault(cell.group, Group({}))
        group.cells[key] = cell
        if key not in outcomes:
            group.left.append(key)
        elif outcomes[key].ok and group.baseline is None:
            group.baseline = outcomes[key].baseline
    return [group for group in groups.values() if group.left]


def in_grid(outcomes: Iterable[Outcome], grid: Grid) -> list[Outcome]:
    """Outcomes of the grid's cells, in its order."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    return [by_key[key] for key in grid.cells if key in by_key]
