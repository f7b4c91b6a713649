"""Charts as geometry: what stands where. The templates turn it into SVG.

Drawn here, without a plotting library, so that every mark takes its colour from the page's own
style sheet (light and dark), carries its own tooltip and weighs next to nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from isograd.notation import numbers
from isograd.notation.names import full_name
from isograd.report.scales import Scale
from isograd.result import Curve, Mode

WIDTH, HEIGHT = 540.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 14.0, 46.0
NAMES = 134.0
"""Room on the left where rows have names instead of figures."""

MOST_DOTS = 120
"""Samples drawn for each mode; the box is computed from all of them."""

Number = Callable[[float], str]


@dataclass(frozen=True)
class Tick:
    """A position on an axis and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """What an axis measures, and its ticks."""

    title: str
    ticks: list[Tick]


@dataclass(frozen=True)
class Dot:
    """A point with its tooltip."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Line:
    """One mode's line: path data, the band around it (or empty), points with tooltips, and marked
    points that carry a meaning of their own."""

    label: str
    path: str
    band: str
    dots: list[Dot]
    marks: list[Dot] = field(default_factory=list)


@dataclass(frozen=True)
class Strip:
    """One mode's distribution on a row: a sample per dot, quartiles, median and interval."""

    label: str
    name: str
    y: float
    dots: list[Dot]
    quartiles: tuple[float, float]
    median: float
    text: str


@dataclass(frozen=True)
class Chart:
    """``summary`` says in words what there is to see, for those who do not see it. ``nested`` lines
    are expected to coincide: each is drawn inside the one before it."""

    title: str
    summary: str
    x: Axis
    y: Axis
    lines: list[Line] = field(default_factory=list)
    strips: list[Strip] = field(default_factory=list)
    left: float = LEFT
    height: float = HEIGHT
    nested: bool = False

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return WIDTH - RIGHT

    @property
    def base(self) -> float:
        """Where the horizontal axis is."""
        return self.height - BOTTOM


@dataclass(frozen=True)
class Course:
    """Trainings that make one line: ``label`` says which, ``name`` is for people."""

    label: str
    name: str
    curves: list[Curve]


def courses(modes: Sequence[Mode]) -> list[Course]:
    """A line for each mode."""
    return [Course(mode.label, full_name(mode), mode.curves) for mode in modes]


@dataclass(frozen=True)
class _Track:
    """One line's points (x, middle, low, high)."""

    label: str
    name: str
    points: list[tuple[float, float, float, float]]


def training(courses: Sequence[Course], quantity: str, against: str) -> Chart | None:
    """``quantity`` (``loss`` or ``quality``) after each epoch, against ``epoch`` or ``seconds``:
    the mean over seeds, in a band from the smallest to the largest. None without curves."""
    tracks = [
        _Track(one.label, one.name, _over_seeds(one.curves, quantity, against)) for one in courses
    ]
    tracks = [track for track in tracks if track.points]
    if not tracks:
        return None
    name = "loss" if quantity == "loss" else "accuracy"
    unit = "epoch" if against == "epoch" else "seconds of training"
    say: Number = numbers.plain if quantity == "loss" else lambda v: f"{v * 100:.3g}%"
    everything = [point for track in tracks for point in track.points]
    lows, highs = [p[2] for p in everything], [p[3] for p in everything]
    x_low = 0.0 if against == "seconds" else min(p[0] for p in everything)
    x = _horizontal(x_low, max(p[0] for p in everything))
    room = (max(highs) - min(lows)) * 0.05
    y = _vertical(min(lows) - room, max(highs) + room)
    lines = [_line(track, x, y, unit, say) for track in tracks]
    ends = "; ".join(f"{t.name} {say(t.points[-1][1])}" for t in tracks)
    return Chart(
        f"{name.capitalize()} by {'epoch' if against == 'epoch' else 'time'}",
        f"{name} at the end: {ends}.",
        _axis(x, unit, _short, whole=against == "epoch"),
        _axis(y, name, say),
        lines,
        nested=against == "epoch",
    )


def by_step(
    title: str, quantity: str, tracks: Sequence[tuple[str, str, Sequence[Sequence[float]]]]
) -> Chart | None:
    """``quantity`` after each training step. A track is a line's label, its name and its runs:
    their mean is drawn, in a band from the smallest to the largest. None without runs."""
    return _by_step(title, quantity, tracks, log=False)


def distance_by_step(
    title: str, quantity: str, tracks: Sequence[tuple[str, str, Sequence[Sequence[float]]]]
) -> Chart | None:
    """`by_step` of distances, on a logarithmic axis; none at all is on its lower edge."""
    return _by_step(title, quantity, tracks, log=True)


def _by_step(
    title: str,
    quantity: str,
    tracks: Sequence[tuple[str, str, Sequence[Sequence[float]]]],
    log: bool,
) -> Chart | None:
    drawn = [_Track(label, name, _of_steps(runs)) for label, name, runs in tracks if runs]
    everything = [point for track in drawn for point in track.points]
    if not everything:
        return None
    lows, highs = [p[2] for p in everything], [p[3] for p in everything]
    if log:
        positive = [value for value in lows if value > 0]
        if not positive:
            return None
        y = _vertical(min(positive) / 2, max(highs) * 2, log=True)
    else:
        room = (max(highs) - min(lows)) * 0.05
        y = _vertical(min(lows) - room, max(highs) + room)
    x = _horizontal(1.0, max(p[0] for p in everything))
    say: Number = (lambda v: f"{v:.0e}") if log else numbers.plain
    ends = "; ".join(f"{t.name} {say(t.points[-1][1])}" for t in drawn if t.points)
    return Chart(
        title,
        f"{quantity} at the end: {ends}.",
        _axis(x, "training step", _short, whole=True),
        _axis(y, quantity, say),
        [_line(track, x, y, "steps", say) for track in drawn],
        nested=not log,
    )


def _of_steps(runs: Sequence[Sequence[float]]) -> list[tuple[float, float, float, float]]:
    """Thinned out where there are more steps than the chart is wide."""
    count = min(map(len, runs))
    every = max(1, count // 500)
    places = dict.fromkeys([*range(0, count, every), *([count - 1] if count else [])])
    columns = ((place, [run[place] for run in runs]) for place in places)
    return [(place + 1.0, sum(v) / len(v), min(v), max(v)) for place, v in columns]


def first_calls(modes: Sequence[Mode]) -> Chart | None:
    """Time since the start over training steps, first call included, on logarithmic axes; where a
    mode overtakes its framework's eager mode is marked. None with nothing measured."""
    known = [m for m in modes if m.step_us and m.step_us.median > 0 and (m.first_call_s or 0) > 0]
    if not known:
        return None
    longest = max([1000, *(2 * (m.break_even_steps or 0) for m in known)])
    last = 10.0 ** math.ceil(math.log10(longest))
    steps = [last ** (i / 60) for i in range(61)]
    tracks = [
        _Track(m.label, full_name(m), [(s, *[_elapsed(m, s)] * 3) for s in steps]) for m in known
    ]
    times = [point[1] for track in tracks for point in track.points]
    x = _horizontal(1.0, last, log=True)
    y = _vertical(max(min(times), 1e-9), max(times), log=True)
    lines = [
        _with_break_even(_line(track, x, y, "steps", numbers.seconds, 0), mode, x, y)
        for track, mode in zip(tracks, known, strict=True)
    ]
    marks = "; ".join(f"{full_name(m)} {_pays(m)}" for m in known if m.mode != "eager")
    return Chart(
        "First call against steady state",
        f"Break-even against eager: {marks}.",
        _axis(x, "training steps", _steps),
        _axis(y, "time since the start", lambda v: numbers.tick_time(v * 1e6)),
        lines,
    )


def step_times(modes: Sequence[Mode]) -> Chart | None:
    """The distribution of step times, a row for each mode. The axis ends at the slowest mode's 99th
    percentile, so that single outliers, which stay on the edge, do not press the rest together."""
    pooled = {m.label: [s for batch in m.samples for s in batch if s > 0] for m in modes}
    known = [mode for mode in modes if len(pooled[mode.label]) > 3]
    if not known:
        return None
    low = min(min(pooled[mode.label]) for mode in known)
    high = max(quantiles(pooled[mode.label], n=100)[-1] for mode in known)
    log = high / low > 5
    x = Scale(low * 0.93 if log else 0.0, high * 1.03, NAMES, WIDTH - RIGHT, log)
    row = 40.0
    height = TOP + BOTTOM + row * len(known)
    strips = [_strip(m, pooled[m.label], x, TOP + row * (i + 0.5)) for i, m in enumerate(known)]
    names = Axis("", [Tick(strip.y, strip.name) for strip in strips])
    summary = "; ".join(f"{strip.name} {strip.text}" for strip in strips)
    axis = _axis(x, "time of a training step", numbers.tick_time)
    return Chart("Step times", f"{summary}.", axis, names, strips=strips, left=NAMES, height=height)


def _elapsed(mode: Mode, steps: float) -> float:
    assert mode.step_us is not None
    assert mode.first_call_s is not None
    return mode.first_call_s + (steps - 1) * mode.step_us.median * 1e-6


def _pays(mode: Mode) -> str:
    steps = mode.break_even_steps
    if steps == 0:
        return "at once"
    return "never" if steps is None else f"after {numbers.count(steps)} steps"


def _over_seeds(
    curves: Sequence[Curve], quantity: str, against: str
) -> list[tuple[float, float, float, float]]:
    points = []
    runs = [(getattr(c, quantity), c.seconds) for c in curves]
    for epoch in range(min((len(values) for values, _ in runs), default=0)):
        values = [run[epoch] for run, _ in runs if math.isfinite(run[epoch])]
        times = [spent[epoch] for _, spent in runs if epoch < len(spent)]
        if not values or (against == "seconds" and not times):
            continue
        x = sum(times) / len(times) if against == "seconds" else float(epoch + 1)
        points.append((x, sum(values) / len(values), min(values), max(values)))
    return points


def _line(track: _Track, x: Scale, y: Scale, unit: str, say: Number, most: int = 40) -> Line:
    """At most ``most`` points get a tooltip of their own."""
    path = "M" + "L".join(f"{x(p[0])} {y(p[1])}" for p in track.points)
    upper = [f"{x(p[0])} {y(p[3])}" for p in track.points]
    lower = [f"{x(p[0])} {y(p[2])}" for p in reversed(track.points)]
    band = f"M{'L'.join(upper + lower)}Z" if any(p[3] > p[2] for p in track.points) else ""
    every = max(1, -(-len(track.points) // most)) if most else len(track.points) + 1
    dots = [
        Dot(x(p[0]), y(p[1]), f"{track.name}: {say(p[1])} at {_short(p[0])} {unit}")
        for p in (track.points[::every] if most else [])
    ]
    return Line(track.label, path, band, dots)


def _with_break_even(line: Line, mode: Mode, x: Scale, y: Scale) -> Line:
    if not mode.break_even_steps or mode.mode == "eager":
        return line
    steps = float(mode.break_even_steps)
    text = f"{full_name(mode)} overtakes eager {_pays(mode)}"
    line.marks.append(Dot(x(steps), y(_elapsed(mode, steps)), text))
    return line


def _strip(mode: Mode, samples: list[float], x: Scale, y: float) -> Strip:
    """Dots are spread up and down at random, the same way in each report."""
    first, middle, third = quantiles(samples, n=4)
    generator = random.Random(0)
    shown = generator.sample(samples, min(MOST_DOTS, len(samples)))
    dots = [Dot(x(s), round(y + generator.uniform(-9, 9), 1), "") for s in shown]
    text = (
        f"median {numbers.time(middle)}, quartiles {numbers.time(first)} and {numbers.time(third)}"
    )
    return Strip(mode.label, full_name(mode), y, dots, (x(first), x(third)), x(middle), text)


def _horizontal(low: float, high: float, log: bool = False) -> Scale:
    return Scale(low, high, LEFT, WIDTH - RIGHT, log)


def _vertical(low: float, high: float, log: bool = False) -> Scale:
    return Scale(low, high, HEIGHT - BOTTOM, TOP, log)


def _axis(scale: Scale, title: str, say: Number, whole: bool = False) -> Axis:
    """``whole``: there is nothing between whole numbers."""
    values = [value for value in scale.ticks() if not whole or value == round(value)]
    return Axis(title, [Tick(scale(value), say(value)) for value in values])


def _steps(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _short(value: float) -> str:
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
