"""What `isograd optimize` found: one typed record, written as versioned JSON.

Times are milliseconds (``_ms``) or seconds (``_s``), sizes bytes, memory is MiB (``_mb``). What
could not be measured is None, and ``reason`` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.result import Comparison, NoiseFloor, Saved, Verdict, absent

SCHEMA = "isograd/frontier/1"

ALLOWED = 0.5
"""Points of accuracy that what is smaller or faster may cost to be named in the answer."""


@dataclass
class Latency:
    """Calls of one batch size. ``ratio`` holds the time of a call over the baseline's, both
    measured in turns in one run; it is None for the baseline. ``throughput`` are examples a
    second, at the median."""

    batch: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    throughput: float
    ratio: Comparison | None = None


@dataclass
class Point:
    """One form of one variant of the network.

    ``variant`` is what was done to the network itself (``dense``, ``folded``, ``structured-50``,
    ...), ``candidate`` the form that it was built in. ``status`` is ``ok``, ``not installed``,
    ``unsupported``, ``failed``, ``crashed``, ``timed out`` or ``out of memory``. ``quality`` is
    accuracy or its like on the test examples; ``lost`` how much of it the baseline has more, in
    points (a hundredth); ``agreement`` the fraction of test examples on which its answer is the
    dense network's. ``verdict`` is there for float32 forms, held against the variant in float64.
    ``cold_start_s`` is from the start of a fresh process to the first output; ``import_s``,
    ``load_s`` and ``first_call_s`` are parts of it. ``because`` says what was found on this machine
    where it got slower.
    """

    variant: str
    candidate: str
    technique: str
    runtime: str
    precision: str
    command: str
    status: str = "not reached"
    reason: str = ""
    quality: float | None = None
    lost: float | None = None
    agreement: float | None = None
    verdict: Verdict | None = None
    max_abs: float | None = None
    size: int | None = None
    build_s: float | None = None
    cold_start_s: float | None = None
    import_s: float | None = None
    load_s: float | None = None
    first_call_s: float | None = None
    peak_memory_mb: float | None = None
    latencies: list[Latency] = field(default_factory=list)
    pareto: bool = False
    because: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """``structured-50/torch/int8-static``."""
        return f"{self.variant}/{self.candidate}"

    def latency(self, batch: int) -> Latency | None:
        """The calls of this batch size, if they were measured."""
        return next((one for one in self.latencies if one.batch == batch), None)


@dataclass
class Variant:
    """The network after something was done to it. ``quality`` is the float32 network's, run by
    the reference; ``verdict`` whether it is still the same network in both frameworks;
    ``parameters`` counts what is left of the trainable ones (of a mask: those that are not zero),
    ``flops`` those of one forward pass of one example."""

    name: str
    about: str
    parameters: int
    flops: int | None = None
    quality: float | None = None
    verdict: Verdict | None = None
    trained_steps: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class Training:
    """Training in one precision and mode, from several seeds; ``deviation`` is how far its loss
    curves are from float32's, ``seed_spread`` how far those of two seeds are."""

    framework: str
    mode: str
    precision: str
    status: str = "not reached"
    reason: str = ""
    loss: list[list[float]] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    step: Comparison | None = None
    deviation: float | None = None
    seed_spread: float | None = None
    verdict: Verdict | None = None
    because: str = ""


@dataclass
class Frontier(Saved):
    """Everything, in the order in which it is found. ``baseline`` is the id of the point that all
    are held against. ``target`` is what was asked for and ``answer`` the id of the first point that
    reached it. ``noise`` holds, for each batch size, what two processes of the baseline differ by;
    ``settings`` all that a run needs to go on (see `isograd.run.optimize`)."""

    command: str
    created: str
    model: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    environment: dict[str, Any]
    baseline: str
    batches: list[int]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    target: str = ""
    answer: str | None = None
    budget_s: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    noise: dict[int, NoiseFloor] = field(default_factory=dict)
    variants: list[Variant] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    trainings: list[Training] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    duration_s: float = 0.0

    def point(self, id: str) -> Point:
        """The point of this id. Raises `KeyError` if there is none."""
        for point in self.points:
            if point.id == id:
                return point
        raise KeyError(id)

    def noise_of(self, batch: int) -> float:
        """The noise floor of this batch size as a fraction; 0 where it was not measured."""
        return self.noise[batch].fraction if batch in self.noise else 0.0

    @property
    def more(self) -> bool:
        """Whether a run that is resumed has something to do."""
        return self.status == "partial" or (bool(self.reason) and self.answer is None)

    @property
    def exit_code(self) -> int:
        """What the process ends with: 0, 1 for a target that nothing reached, 3 if nothing needed
        is installed, 4 if the run was cut off or nothing could be run."""
        states = {point.status for point in self.points}
        if absent(states):
            return 3
        if "ok" not in states or self.reason.startswith("interrupted"):
            return 4
        return 1 if self.target and self.answer is None else 0
