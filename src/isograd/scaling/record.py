"""What `isograd scale` found: one typed record, written as versioned JSON.

Times are microseconds (``_us``). What could not be measured is None, and ``reason`` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.proof.judge import worst
from isograd.result import EXIT_CODES, Interval, Saved, Stage, Verdict, absent

SCHEMA = "isograd/scaling/1"


@dataclass
class Trajectory:
    """A training on several workers held against one worker's with the same batches, in float64.
    ``mended`` is the verdict with the known reasons taken away, where it differs as it is."""

    verdict: Verdict
    stages: list[Stage]
    losses: list[float]
    reasons: list[str] = field(default_factory=list)
    mended: Verdict | None = None
    resumed_at: list[int] = field(default_factory=list)


@dataclass
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass
class Run:
    """One engine with so many workers. ``batch`` is that of all of them together. ``local_us`` is
    the step of one worker that nobody waits for, ``reduce_us`` the sum over all workers of as many
    numbers as there are gradients, alone. ``communication`` is the share of a step that is not
    there without the others. ``crowded``: more workers than processors."""

    workers: int
    batch: int
    command: str
    status: str = "not reached"
    reason: str = ""
    crowded: bool = False
    trajectory: Trajectory | None = None
    step_us: Interval | None = None
    local_us: Interval | None = None
    reduce_us: Interval | None = None
    examples_per_s: float | None = None
    efficiency: Estimate | None = None
    communication: Estimate | None = None


@dataclass
class Prediction:
    """The step time with so many workers. ``measured`` is there where it was."""

    workers: int
    step_us: Estimate
    efficiency: float
    measured_us: float | None = None


@dataclass
class Forecast:
    """The fitted model of an engine's step time (see `isograd.scaling.cost`), what it says, and how
    far that can be trusted. ``parameters`` are microseconds, and microseconds a byte."""

    parameters: dict[str, float]
    formula: str
    predictions: list[Prediction]
    trust: str


@dataclass
class EngineResult:
    """All runs of one engine. ``losses`` are those of one worker, which the others are held
    against; ``unpredicted`` says why there is no ``forecast`` of what was measured."""

    name: str
    framework: str
    title: str
    recovery: str
    status: str = "not reached"
    reason: str = ""
    runs: list[Run] = field(default_factory=list)
    forecast: Forecast | None = None
    losses: list[float] = field(default_factory=list)
    unpredicted: str = ""

    def run(self, workers: int) -> Run | None:
        """That with so many workers, if there is one."""
        return next((run for run in self.runs if run.workers == workers), None)


@dataclass
class Scaling(Saved):
    """Everything, in the order in which it is found. ``settings`` has what was asked for,
    ``network`` the link that the user thinks of."""

    command: str
    created: str
    model: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    environment: dict[str, Any]
    settings: dict[str, Any]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    engines: list[EngineResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    duration_s: float = 0.0

    @property
    def trajectories(self) -> list[Trajectory]:
        """All that were held against one worker's."""
        return [run.trajectory for e in self.engines for run in e.runs if run.trajectory]

    @property
    def exit_code(self) -> int:
        """What the process ends with: that of the most serious verdict, 3 if nothing needed is
        installed, 4 if a worker failed or the run was cut off."""
        states = {engine.status for engine in self.engines}
        states |= {run.status for engine in self.engines for run in engine.runs}
        if absent(states):
            return 3
        if "ok" not in states or states & {"failed", "crashed", "timed out"} or self.reason:
            return 4
        return EXIT_CODES[worst([trajectory.verdict for trajectory in self.trajectories])]
