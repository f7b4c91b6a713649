"""What a sweep found: one record of each cell, and all of them together as versioned JSON.

Times are microseconds (``_us``) or seconds (``_s``), memory is MiB (``_mb``). What could not be
measured is None, and ``reason`` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.result import Interval, Saved, absent
from isograd.sweeping.cell import Cell, Conditions, Network
from isograd.sweeping.race import Quantity, Race

SCHEMA = "isograd/sweep/1"

Agreed = Literal["agrees", "different", "inconclusive", "not compared"]
"""Whether a cell's losses are its baseline's, as far as rounding allows; no proof."""


@dataclass
class Timing:
    """``rounds`` holds the median time of each interleaved round in microseconds, ``baseline`` the
    baseline's in the same rounds; ``us`` is the typical time with its interval."""

    us: Interval
    rounds: list[float]
    baseline: list[float]


@dataclass
class Outcome:
    """How a cell ended. ``status`` is ``ok``, ``unsupported``, ``not installed``, ``failed``,
    ``crashed``, ``timed out`` or ``out of memory``; ``attempts`` are the reasons of those that went
    before, ``log`` the end of what the process printed. ``outputs`` and ``training`` are how
    far it is from the baseline, in multiples of what rounding does to that one: of the outputs of a
    batch, and of the losses of the first steps, which are ``losses``."""

    key: str
    cell: Cell
    status: str
    reason: str = ""
    attempts: list[str] = field(default_factory=list)
    baseline: Cell | None = None
    host: str = ""
    processor: str = ""
    step: Timing | None = None
    inference: Timing | None = None
    import_s: float | None = None
    build_s: float | None = None
    first_call_s: float | None = None
    peak_memory_mb: float | None = None
    losses: list[float] = field(default_factory=list)
    outputs: float | None = None
    training: float | None = None
    agreement: Agreed = "not compared"
    seconds: float = 0.0
    finished: str = ""
    log: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was measured."""
        return self.status == "ok"

    def timing(self, quantity: Quantity) -> Timing | None:
        """Of a training step or of a call in inference."""
        return self.step if quantity == "step" else self.inference


@dataclass
class Sweep(Saved):
    """Everything: what was asked for, and how each cell that was reached ended. ``cells`` are those
    of the grid, by key; ``parallel`` is how many were measured at a time on one machine."""

    command: str
    created: str
    grid: str
    networks: dict[str, Network]
    conditions: Conditions
    cells: dict[str, Cell]
    environment: dict[str, Any]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    parallel: int = 1
    address: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    races: list[Race] = field(default_factory=list)
    duration_s: float = 0.0

    @property
    def missing(self) -> list[Cell]:
        """Cells that were not reached."""
        reached = {outcome.key for outcome in self.outcomes}
        return [cell for key, cell in self.cells.items() if key not in reached]

    @property
    def exit_code(self) -> int:
        """What the process ends with: 0, 1 where losses are different, 3 if nothing needed is
        installed, 4 if cells failed or were not reached."""
        states = {outcome.status for outcome in self.outcomes}
        if absent(states):
            return 3
        if self.status == "partial" or states - {"ok", "unsupported", "not installed"}:
            return 4
        return 1 if any(one.agreement == "different" for one in self.outcomes) else 0
