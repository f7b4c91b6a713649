"""Evidence with known content, as runs write it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from isograd.evidence import Evidence, Found
from isograd.frontier import Frontier, Latency, Point
from isograd.measure.stats import break_even, verdict
from isograd.result import (
    Check,
    Comparison,
    DerivativeRow,
    Interval,
    Mode,
    NoiseFloor,
    Proof,
    Result,
    Stage,
)
from isograd.views.document import Graphs, Layer, Overlay
from isograd.views.view import Event, Operation, Value, View

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

EAGER_US = {"torch": 600.0, "tensorflow": 3000.0}
"""Step times of the eager modes."""


def found(record: Any, name: str = "") -> Found[Any]:
    return Found(record, Path(name or f"{type(record).__name__.lower()}.json"), NOW, {})


def ratio(a: str, b: str, value: float, spread: float = 0.01, noise: float = 0.02) -> Comparison:
    low, high = value / (1 + spread), value * (1 + spread)
    return Comparison(a, b, value, low, high, verdict(low, high, noise))


def comparison(
    times: dict[str, float],
    *,
    batch: int = 64,
    first_s: float = 0.5,
    epochs: int = 10,
    spread: float = 0.01,
    noise: float = 0.02,
    fair: bool = True,
    stages: tuple[Stage, ...] = (),
) -> Result:
    """``times`` are those of a step over the same framework's eager mode, by mode. Every static
    mode takes ``first_s`` for its first call, the eager modes take 10 ms."""
    modes, pairs = [], []
    for name in ("torch/eager", "tensorflow/eager", *times):
        framework, _, mode = name.partition("/")
        eager = EAGER_US[framework]
        step = eager * times.get(name, 1.0)
        one = Mode(framework, mode, "ok", verdict="equivalent", step_us=Interval(step, step, step))
        one.proof = Proof("equivalent", list(stages), 1000)
        one.first_call_s = 0.01 if mode == "eager" else first_s
        one.break_even_steps = break_even(one.first_call_s, step, 0.01, eager)
        modes.append(one)
        if mode != "eager":
            pairs.append(ratio(name, f"{framework}/eager", times[name], spread, noise))
    return Result(
        "isograd compare net",
        NOW.isoformat(),
        {"name": "net", "parameters": 1000},
        {},
        {"batch_size": batch, "steps_per_epoch": 10, "epochs": epochs},
        {},
        {},
        "torch/eager",
        status="complete",
        modes=modes,
        comparisons=pairs,
        noise_floor=NoiseFloor(noise, []),
        fairness=[Check("same network", fair, "")],
    )


def derivative(automatic: float, finite: float) -> DerivativeRow:
    """A derivative of 1; both values are what they differ from it by."""
    both = {"torch": 1 + automatic, "tensorflow": 1 + automatic}
    return DerivativeRow("w", [0], 1.0, both, 1 + finite)


def point(
    id: str,
    time: float = 1.0,
    *,
    technique: str = "mode",
    precision: str = "float32",
    size: int = 1000,
    lost: float = 0.0,
    agreement: float = 1.0,
    status: str = "ok",
    verdict: Any = "equivalent",
    spread: float = 0.005,
) -> Point:
    """``time`` is that of a call over the baseline's."""
    variant, _, candidate = id.partition("/")
    one = Point(variant, candidate, technique, "", precision, "", status, "because")
    if status == "ok":
        one.size, one.lost, one.agreement, one.verdict = size, lost, agreement, verdict
        over = None if id == "dense/torch/eager" else ratio(id, "dense/torch/eager", time, spread)
        one.latencies = [Latency(1, time, time, time, 1.0, over)]
    return one


def frontier(*points: Point) -> Frontier:
    """A form beside the baseline, which is there in any case."""
    base = [] if any(p.id == "dense/torch/eager" for p in points) else [point("dense/torch/eager")]
    return Frontier(
        "isograd optimize net",
        NOW.isoformat(),
        {"name": "net", "parameters": 1000},
        {"test": 10_000},
        {},
        {},
        "dense/torch/eager",
        [1],
        points=[*base, *points],
        noise={1: NoiseFloor(0.02, [])},
    )


def view(
    id: str,
    *phases: str,
    tied: bool = True,
    shaped: bool = True,
    events: tuple[Event, ...] = (),
    figures: dict[str, float] | None = None,
) -> View:
    """One operation in each phase."""
    framework, _, stage = id.partition("/")
    values = (Value("float32", (1,) if shaped else None),)
    operations = [
        Operation(f"o{n}", "op", values=values, phase=phase, node="fc" if tied else None)  # type: ignore[arg-type]
        for n, phase in enumerate(phases)
    ]
    return View(framework, stage, id, "", operations, figures or {}, list(events))


def graphs(*views: View, overlays: tuple[Overlay, ...] = (), layers: bool = True) -> Graphs:
    own = [Layer("fc", "Linear", "fc", None, [], "float[N, 1]", 1)] if layers else []
    return Graphs("net", "cross_entropy, adam", 32, 1000, {}, list(views), own, [], list(overlays))


def compared(*results: Result) -> Evidence:
    return Evidence(compares=[found(one, f"compare-{n}") for n, one in enumerate(results)])


def shipped(*points: Point) -> Evidence:
    return Evidence(frontiers=[found(frontier(*points))])


def seen(*several: Graphs) -> Evidence:
    return Evidence(graphs=[found(one, f"graph-{n}") for n, one in enumerate(several)])
