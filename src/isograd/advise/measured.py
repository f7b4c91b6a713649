"""What was found on this machine, as far as advice goes by it: figures with intervals, and the
path of the result that each comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from isograd.frontier import Frontier, Point
from isograd.result import Result
from isograd.scaling.record import Scaling

Z = 1.96
"""Half of a 95 % interval of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Figure:
    """A number with its 95 % interval; ``id`` tells figures apart, ``words`` says what it is, and
    ``source`` is the result that it comes from."""

    id: str
    value: float
    low: float
    high: float
    words: str
    source: str

    @property
    def spread(self) -> float:
        """The standard deviation of its logarithm to base 2."""
        if not (0 < self.low <= self.high < math.inf):
            return 0.0
        return math.log2(self.high / self.low) / (2 * Z)


@dataclass(frozen=True)
class Trained:
    """One way to train: ``step`` in seconds, ``first_call_s`` what the first one takes. ``parted``
    says why it is out of the race, if it is."""

    framework: str
    mode: str
    step: Figure | None
    first_call_s: float
    parted: str = ""

    @property
    def label(self) -> str:
        """``torch/compile``."""
        return f"{self.framework}/{self.mode}"


@dataclass(frozen=True)
class Debugged:
    """How many of the debugging questions a mode answers with yes, a partly counting half."""

    framework: str
    mode: str
    yes: float
    asked: int
    noes: tuple[str, ...]
    source: str

    @property
    def label(self) -> str:
        """``torch/compile``."""
        return f"{self.framework}/{self.mode}"


@dataclass(frozen=True)
class Scaled:
    """The efficiency of ``workers`` workers in a framework: 1 is as many times as fast."""

    framework: str
    workers: int
    efficiency: Figure


@dataclass(frozen=True)
class Measured:
    """All of it. ``without_python`` has the modes that were asked whether a program without Python
    runs what they save, with their answers. ``noise`` is what two identical workers differ by, as a
    fraction; ``versions`` and ``device`` are those that it was measured with."""

    trained: tuple[Trained, ...] = ()
    shipped: Frontier | None = None
    shipped_source: str = ""
    debugged: tuple[Debugged, ...] = ()
    without_python: dict[str, str] = field(default_factory=dict)
    without_python_source: str = ""
    scaled: tuple[Scaled, ...] = ()
    noise: float = 0.0
    device: str = "cpu"
    versions: dict[str, str] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()

    def on(self, hardware: str) -> bool:
        """Whether trainings were measured on this kind of hardware."""
        return {"cuda": "gpu"}.get(self.device, self.device) == hardware

    def debugging(self, label: str) -> Debugged | None:
        """What was asked of this mode."""
        return next((one for one in self.debugged if one.label == label), None)

    def scaling(self, framework: str, workers: int) -> Scaled | None:
        """Its efficiency at the number of workers that is nearest to ``workers``, above 1."""
        found = [one for one in self.scaled if one.framework == framework and one.workers > 1]
        return min(found, key=lambda one: abs(one.workers - workers), default=None)


def trainings(result: Result, source: str) -> tuple[Trained, ...]:
    """The modes of a comparison. Where its fairness gate did not hold, none of them races."""
    unfair = "; ".join(f"{c.name}: {c.detail}" for c in result.fairness if not c.passed)
    found = []
    for mode in result.modes:
        parted = unfair and f"the comparison was not fair ({unfair})"
        if mode.status != "ok":
            parted = f"{mode.status}: {mode.reason}" if mode.reason else mode.status
        elif mode.verdict != "equivalent":
            parted = f"it is not proven to be the same network ({mode.verdict or 'not proven'})"
        step = None
        if mode.step_us is None:
            parted = parted or "its steps were not measured"
        else:
            us = mode.step_us
            step = Figure(
                f"step {mode.label}", us.median / 1e6, us.low / 1e6, us.high / 1e6, "a step", source
            )
        found.append(Trained(mode.framework, mode.mode, step, mode.first_call_s or 0.0, parted))
    return tuple(found)


def latency(point: Point, batch: int, source: str) -> Figure | None:
    """A form's call in milliseconds, at the measured batch size that is nearest to ``batch``; its
    interval is that of its ratio to the baseline."""
    if not point.latencies:
        return None
    one = min(point.latencies, key=lambda latency: abs(math.log2(latency.batch / batch)))
    low = high = one.p50_ms
    if one.ratio and one.ratio.ratio > 0:
        low, high = (
            one.p50_ms * bound / one.ratio.ratio for bound in (one.ratio.low, one.ratio.high)
        )
    words = f"a call of {one.batch}"
    return Figure(f"latency {point.id}", one.p50_ms, low, high, words, source)


def scalings(found: Scaling, source: str) -> tuple[Scaled, ...]:
    """Of each framework, the engine that scales best at each number of workers; runs that are not
    the same training do not count."""
    best: dict[tuple[str, int], Scaled] = {}
    for engine in found.engines:
        for run in engine.runs:
            same = run.trajectory is not None and run.trajectory.verdict == "equivalent"
            if not run.efficiency or not same:
                continue
            e = run.efficiency
            words = f"{engine.title}, {run.workers} workers"
            figure = Figure(
                f"efficiency {engine.name} {run.workers}", e.value, e.low, e.high, words, source
            )
            key = (engine.framework, run.workers)
            if key not in best or best[key].efficiency.value < e.value:
                best[key] = Scaled(engine.framework, run.workers, figure)
    return tuple(best.values())


def debugging(answers: Sequence[tuple[str, str, str, str]], source: str) -> tuple[Debugged, ...]:
    """From (question, framework, mode, answer): only answers that are yes, partly or no count."""
    worth = {"yes": 1.0, "partly": 0.5, "no": 0.0}
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for question, framework, mode, answer in answers:
        if answer in worth:
            groups.setdefault((framework, mode), []).append((question, answer))
    return tuple(
        Debugged(
            framework,
            mode,
            sum(worth[answer] for _, answer in asked),
            len(asked),
            tuple(question for question, answer in asked if answer == "no"),
            source,
        )
        for (framework, mode), asked in groups.items()
    )
