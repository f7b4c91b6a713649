"""What the browser needs to plot a frontier: where each point stands on each axis, and what is said
about it. Figures are worded here, once for the plot and the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from isograd.deploy.search import DENSE
from isograd.frontier import Frontier, Point
from isograd.notation import numbers
from isograd.notation.names import ACCENTS, SPARE_ACCENTS, title
from isograd.report.frontier_answer import framework, loss, name, percent, standing_out
from isograd.report.scales import Scale

LENGTH = 1000.0
"""Of an axis, in the units that positions are given in."""

FALLEN = 5.0
"""Points of accuracy; whatever lost more stands on the edge of its axis, so that it does not press
all others together."""

SMALLEST, LARGEST = 5.5, 15.0
"""Radii of the smallest and the largest file, in pixels; by logarithm in between."""

SHAPES = {
    "mode": "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0-1 0Z",
    "artefact": "M-.9-.9H.9V.9H-.9Z",
    "mixed precision": "M0-1.3L1.3 0L0 1.3L-1.3 0Z",
    "quantisation": "M0-1.25L1.2.85H-1.2Z",
}
"""A shape about as large as a circle of radius 1 for each technique."""

RUNTIMES = {"onnxruntime": "ONNX Runtime", "litert": "LiteRT"}
"""What runs a form calls itself, where it is no framework."""


@dataclass(frozen=True)
class Quantity:
    """Something to plot points by. ``better`` is 1 where more is better and -1 where less is."""

    key: str
    title: str
    read: Callable[[Point], float | None]
    say: Callable[[float], str]
    tick: Callable[[float], str]
    better: int = -1
    log: bool = True


def quantities(found: Frontier) -> list[Quantity]:
    """All that at least one point has a figure for."""
    largest = max(found.batches, default=1)
    all_of_them = [
        Quantity("quality", "accuracy", lambda p: p.quality, percent, _percent_tick, 1, False),
        *(_latency(batch) for batch in found.batches),
        _throughput(largest),
        Quantity("size", "size to ship", lambda p: p.size, numbers.size, _size_tick),
        Quantity("cold", "cold start", lambda p: p.cold_start_s, numbers.seconds, _seconds_tick),
        Quantity(
            "memory", "peak memory", lambda p: p.peak_memory_mb, numbers.memory, numbers.memory
        ),
        Quantity(
            "agreement", "same answers", lambda p: p.agreement, percent, _percent_tick, 1, False
        ),
    ]
    ran = plotted(found)
    return [one for one in all_of_them if any(_value(one, point) is not None for point in ran)]


def plotted(found: Frontier) -> list[Point]:
    """What ran."""
    return [point for point in found.points if point.status == "ok"]


def drawing(found: Frontier) -> dict[str, Any]:
    """Axes and points, as the script has them."""
    axes, points = quantities(found), plotted(found)
    scales = {axis.key: _scale(axis, points) for axis in axes}
    radius = _radius(points)
    first = standing_out(found) or next(iter(points), None)
    return {
        "first": first.id if first else "",
        "length": LENGTH,
        "axes": [_axis(axis, scales[axis.key]) for axis in axes],
        "points": [_point(found, point, axes, scales, radius) for point in points],
    }


def texts(plan: dict[str, Any]) -> Iterator[str]:
    """What the script shows out of its drawing; names and commands are no texts."""
    yield from (axis["title"] for axis in plan["axes"])
    for point in plan["points"]:
        yield from (point["about"], point["because"], *point["notes"])
        for row in point["said"]:
            yield from row


def accent(name_of_framework: str) -> str:
    """The framework's hue."""
    return ACCENTS.get(name_of_framework, SPARE_ACCENTS[0])


def about(point: Point) -> str:
    """``quantisation, int8, runs in LiteRT``."""
    runtime = RUNTIMES.get(point.runtime, title(point.runtime))
    where = "" if point.runtime == framework(point) else f", runs in {runtime}"
    return f"{point.technique}, {point.precision}{where}"


def _latency(batch: int) -> Quantity:
    def read(point: Point) -> float | None:
        latency = point.latency(batch)
        return latency.p50_ms if latency else None

    return Quantity(f"latency-{batch}", f"latency, batch of {batch}", read, _ms, _ms_tick)


def _throughput(batch: int) -> Quantity:
    def read(point: Point) -> float | None:
        latency = point.latency(batch)
        return latency.throughput if latency else None

    words = f"examples a second, batch of {batch}"
    return Quantity("throughput", words, read, _many, _many, better=1)


def _value(axis: Quantity, point: Point) -> float | None:
    """None for what cannot be placed."""
    value = axis.read(point)
    placed = value is not None and math.isfinite(value) and (value > 0 or not axis.log)
    return value if placed else None


def _scale(axis: Quantity, points: Sequence[Point]) -> Scale:
    """With some room at both ends."""
    placed = [(value, p) for p in points if (value := _value(axis, p)) is not None]
    near = [value for value, p in placed if axis.log or (p.lost or 0.0) <= FALLEN]
    values = near or [value for value, _ in placed]
    low, high = min(values), max(values)
    if axis.log:
        room = max((high / low) ** 0.06, 1.1)
        return Scale(low / room, high * room, 0.0, LENGTH, log=True)
    room = max((high - low) * 0.08, 0.001)
    return Scale(low - room, min(high + room, 1.0 + room / 4), 0.0, LENGTH)


def _radius(points: Sequence[Point]) -> Callable[[Point], float]:
    sizes = [point.size for point in points if point.size]
    if not sizes:
        return lambda point: SMALLEST
    scale = Scale(min(sizes), max(sizes), SMALLEST, LARGEST, log=True)
    return lambda point: scale(point.size or min(sizes))


def _axis(axis: Quantity, scale: Scale) -> dict[str, Any]:
    return {
        "key": axis.key,
        "title": axis.title,
        "better": axis.better,
        "log": axis.log,
        "ticks": [[scale(value), axis.tick(value)] for value in _ticks(scale)],
    }


def _ticks(scale: Scale) -> list[float]:
    """Where a logarithmic axis is so short that it has no round powers, even steps."""
    found = scale.ticks()
    return found if len(found) > 2 else replace(scale, log=False).ticks()


def _point(
    found: Frontier,
    point: Point,
    axes: Sequence[Quantity],
    scales: dict[str, Scale],
    radius: Callable[[Point], float],
) -> dict[str, Any]:
    values = {a.key: value for a in axes if (value := _value(a, point)) is not None}
    return {
        "id": point.id,
        "name": name(point),
        "about": about(point),
        "accent": accent(framework(point)),
        "shape": SHAPES.get(point.technique, SHAPES["mode"]),
        "radius": radius(point),
        "variant": point.variant != DENSE,
        "front": point.pareto,
        "wrong": point.verdict == "different",
        "values": values,
        "at": {key: scales[key](value) for key, value in values.items()},
        "off": [key for key, value in values.items() if not _inside(scales[key], value)],
        "said": said(found, point, axes),
        "because": point.because,
        "notes": point.notes,
        "command": point.command,
    }


def _inside(scale: Scale, value: float) -> bool:
    return scale.low <= value <= scale.high


def said(found: Frontier, point: Point, axes: Sequence[Quantity]) -> list[tuple[str, str, str]]:
    """All there is to say about a point: a term, its figure, and what the figure is to the
    baseline's."""
    is_baseline = point.id == found.baseline
    rows = [
        ("baseline", "what all others are held against" if is_baseline else "", ""),
        ("proof", point.verdict or "", ""),
        *((axis.title, *_figure(point, axis)) for axis in axes),
        ("build", numbers.seconds(point.build_s) if point.build_s is not None else "", ""),
    ]
    return [row for row in rows if row[1]]


def _figure(point: Point, axis: Quantity) -> tuple[str, str]:
    value = axis.read(point)
    if value is None or not math.isfinite(value):
        return "", ""
    if axis.key == "quality" and point.lost is not None:
        return axis.say(value), loss(point.lost)
    return axis.say(value), _over_baseline(point, axis.key)


def _over_baseline(point: Point, key: str) -> str:
    latency = next((one for one in point.latencies if key == f"latency-{one.batch}"), None)
    if latency is None or latency.ratio is None:
        return ""
    ratio = latency.ratio
    return " ".join(numbers.ratio_range(ratio.ratio, ratio.low, ratio.high))


def _percent_tick(value: float) -> str:
    return f"{value * 100:.4g}%"


def _ms(value: float) -> str:
    return numbers.time(value * 1e3)


def _ms_tick(value: float) -> str:
    return numbers.tick_time(value * 1e3)


def _seconds_tick(value: float) -> str:
    return numbers.tick_time(value * 1e6)


def _size_tick(value: float) -> str:
    """Ticks stand at round numbers, so they are decimal: ``100 kB``."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g} B"


def _many(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.10g}"
