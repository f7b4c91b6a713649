"""Charts of a frontier that need no script: time over batch sizes, and losses of trainings."""

from __future__ import annotations

import dataclasses

from isograd.frontier import Frontier, Point, Training
from isograd.notation import numbers
from isograd.notation.names import SHADES, Look, title
from isograd.report import charts
from isograd.report.charts import Axis, Chart, Dot, Line, Tick
from isograd.report.frontier_answer import framework, name
from isograd.report.frontier_plot import accent, plotted
from isograd.report.scales import Scale
from isograd.result import Curve


def batches(found: Frontier) -> Chart | None:
    """Time an example over batch sizes, a line for each point; None with a single batch size."""
    lines = {p.id: _per_example(p) for p in plotted(found)}
    lines = {id: line for id, line in lines.items() if len(line) > 1}
    if not lines:
        return None
    every = [pair for line in lines.values() for pair in line]
    x = Scale(
        min(b for b, _ in every),
        max(b for b, _ in every),
        charts.LEFT,
        charts.WIDTH - charts.RIGHT,
        log=True,
    )
    y = Scale(
        min(t for _, t in every) / 1.2,
        max(t for _, t in every) * 1.2,
        charts.HEIGHT - charts.BOTTOM,
        charts.TOP,
        log=True,
    )
    sizes = dict.fromkeys(sorted(b for b, _ in every))
    return Chart(
        "Time an example over batch sizes",
        "Each line is a form; the table has the figures.",
        Axis("batch size", [Tick(x(size), f"{size:g}") for size in sizes]),
        Axis("time an example", [Tick(y(tick), numbers.tick_time(tick)) for tick in y.ticks()]),
        [_line(found.point(id), line, x, y) for id, line in lines.items()],
    )


def _per_example(point: Point) -> list[tuple[float, float]]:
    """Batch sizes and microseconds an example."""
    measured = sorted((one.batch, one.p50_ms * 1e3 / one.batch) for one in point.latencies)
    return [(float(batch), time) for batch, time in measured if batch > 0 and time > 0]


def _line(point: Point, measured: list[tuple[float, float]], x: Scale, y: Scale) -> Line:
    places = [(x(batch), y(time)) for batch, time in measured]
    dots = [
        Dot(*place, f"{name(point)}: {numbers.time(time)} an example with a batch of {batch:g}")
        for place, (batch, time) in zip(places, measured, strict=True)
    ]
    return Line(point.id, "M" + "L".join(f"{a} {b}" for a, b in places), "", dots)


def point_looks(found: Frontier) -> dict[str, Look]:
    """The framework's hue for each point."""
    return {point.id: Look(accent(framework(point)), 0) for point in found.points}


def training_name(training: Training) -> str:
    """``PyTorch compile, bfloat16``."""
    return f"{title(training.framework)} {training.mode}, {training.precision}"


def trainings(found: Frontier) -> list[tuple[Chart, list[Training]]]:
    """For each framework, the losses of all precisions in bands over seeds, and what is drawn."""
    by: dict[str, list[Training]] = {}
    for one in found.trainings:
        if any(one.loss):
            by.setdefault(one.framework, []).append(one)
    return [
        (_of_framework(framework, chart), some)
        for framework, some in by.items()
        if (chart := charts.training([_course(one) for one in some], "loss", "epoch"))
    ]


def _of_framework(framework: str, chart: Chart) -> Chart:
    return dataclasses.replace(chart, title=f"{title(framework)}: {chart.title.lower()}")


def _course(training: Training) -> charts.Course:
    curves = [Curve(seed, loss, [], []) for seed, loss in enumerate(training.loss)]
    name = training_name(training)
    return charts.Course(name, name, curves)


def training_looks(found: Frontier) -> dict[str, Look]:
    """Its framework's hue for each training, a shade for each precision and mode."""
    used: dict[str, int] = {}
    looks: dict[str, Look] = {}
    for one in found.trainings:
        shade = used.get(one.framework, 0)
        looks[training_name(one)] = Look(accent(one.framework), shade % SHADES)
        used[one.framework] = shade + 1
    return looks
