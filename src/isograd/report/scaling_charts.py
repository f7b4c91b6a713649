"""Charts of a training on several workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isograd.notation import numbers
from isograd.notation.names import ACCENTS, SHADES, SPARE_ACCENTS, Look, title
from isograd.report import charts
from isograd.report.charts import Axis, Chart, Dot, Line, Tick
from isograd.report.scales import Scale
from isograd.scaling.record import EngineResult, Estimate, Run, Scaling

Band = tuple[float, float, float, float]
"""Workers; a value with its interval."""


def name(engine: EngineResult) -> str:
    """``PyTorch ddp``."""
    return f"{title(engine.framework)} {engine.name}"


def looks(found: Scaling) -> dict[str, Look]:
    """Engine to look: the hue of its framework, a shade of its own."""
    used: dict[str, int] = {}
    dealt = {}
    for engine in found.engines:
        number = used[engine.framework] = used.get(engine.framework, -1) + 1
        accent = ACCENTS.get(engine.framework, SPARE_ACCENTS[0])
        dealt[engine.name] = Look(accent, number % SHADES)
    return dealt


def step_times(found: Scaling) -> Chart | None:
    """The time of a step over the number of workers: measured marks, and the model's curve."""
    return _over_workers(
        found,
        "Time of a step",
        "time of a step",
        lambda run: _estimate(run),
        lambda engine: (
            [(p.workers, p.step_us) for p in engine.forecast.predictions] if engine.forecast else []
        ),
        numbers.tick_time,
        log=True,
    )


def efficiencies(found: Scaling) -> Chart | None:
    """What so many workers do, of what they could do at best."""
    return _over_workers(
        found,
        "Efficiency",
        "efficiency",
        lambda run: Estimate(1.0, 1.0, 1.0) if run.workers == 1 else run.efficiency,
        lambda engine: (
            [
                (p.workers, Estimate(p.efficiency, p.efficiency, p.efficiency))
                for p in engine.forecast.predictions
            ]
            if engine.forecast
            else []
        ),
        _percent,
    )


def communication(found: Scaling) -> Chart | None:
    """The share of a step that is not there without the others."""
    return _over_workers(
        found,
        "Share of communication",
        "of a step",
        lambda run: Estimate(0.0, 0.0, 0.0) if run.workers == 1 else run.communication,
        lambda engine: [],
        _percent,
    )


def losses(engine: EngineResult) -> Chart | None:
    """The losses of all trainings of an engine, which are expected to coincide."""
    held = [
        (run, run.trajectory.losses if run.trajectory else engine.losses) for run in engine.runs
    ]
    held = [(run, found) for run, found in held if found]
    if not held:
        return None
    every = [loss for _, found in held for loss in found]
    x = Scale(1, max(2, *(len(found) for _, found in held)), charts.LEFT, _right())
    y = Scale(min(every), max(every), _base(), charts.TOP)
    lines = []
    for run, found in held:
        points = [(step + 1.0, loss, loss, loss) for step, loss in enumerate(found)]
        about = f"{run.workers} worker{'s' if run.workers > 1 else ''}"
        lines.append(_line(str(run.workers), about, points, [], x, y, numbers.plain))
    ends = "; ".join(f"{run.workers} workers {numbers.plain(found[-1])}" for run, found in held)
    return Chart(
        f"{name(engine)}: loss of each step",
        f"At the end: {ends}.",
        Axis("step", [Tick(x(t), f"{t:g}") for t in x.ticks() if t == round(t)]),
        Axis("loss", [Tick(y(t), numbers.plain(t)) for t in y.ticks()]),
        lines,
        nested=True,
    )


def loss_looks(engine: EngineResult) -> dict[str, Look]:
    """Number of workers to look."""
    accent = ACCENTS.get(engine.framework, SPARE_ACCENTS[0])
    return {str(run.workers): Look(accent, i % SHADES) for i, run in enumerate(engine.runs)}


def _over_workers(
    found: Scaling,
    heading: str,
    quantity: str,
    measured: Callable[[Run], Estimate | None],
    predicted: Callable[[EngineResult], Sequence[tuple[int, Estimate]]],
    say: Callable[[float], str],
    *,
    log: bool = False,
) -> Chart | None:
    """A line for each engine. Marks are measured; the line, where there is a model, is its."""
    tracks: list[tuple[EngineResult, list[Band], list[Band]]] = []
    for engine in found.engines:
        known = [
            (float(run.workers), one.value, one.low, one.high)
            for run in engine.runs
            if (one := measured(run))
        ]
        curve = [(float(n), one.value, one.low, one.high) for n, one in predicted(engine)]
        if len(known) > 1:
            tracks.append((engine, known, curve or known))
    if not tracks:
        return None
    every = [point for _, known, curve in tracks for point in (*known, *curve)]
    x = Scale(1.0, max(p[0] for p in every), charts.LEFT, _right(), log=True)
    low, high = min(p[2] for p in every), max(p[3] for p in every)
    low, high = (low / 1.2, high * 1.2) if log else (0.0, max(high, 1.0))
    y = Scale(low, high, _base(), charts.TOP, log=log)
    lines = [_line(e.name, name(e), curve, known, x, y, say) for e, known, curve in tracks]
    counts = sorted({p[0] for p in every})
    return Chart(
        heading,
        f"{quantity.capitalize()} over the number of workers; the table has the figures.",
        Axis("workers", [Tick(x(count), f"{count:g}") for count in counts]),
        Axis(quantity, [Tick(y(tick), say(tick)) for tick in y.ticks()]),
        lines,
    )


def _line(
    label: str,
    about: str,
    curve: Sequence[Band],
    known: Sequence[Band],
    x: Scale,
    y: Scale,
    say: Callable[[float], str],
) -> Line:
    path = "M" + "L".join(f"{x(n)} {y(value)}" for n, value, _, _ in curve)
    upper = [f"{x(n)} {y(high)}" for n, _, _, high in curve]
    lower = [f"{x(n)} {y(low)}" for n, _, low, _ in reversed(curve)]
    band = f"M{'L'.join(upper + lower)}Z" if any(p[3] > p[2] for p in curve) else ""
    dots = [Dot(x(n), y(v), f"{about}: {say(v)} at {n:g}") for n, v, _, _ in curve]
    marks = [Dot(x(n), y(v), f"{about}: measured {say(v)} with {n:g}") for n, v, _, _ in known]
    return Line(label, path, band, dots, marks)


def _estimate(run: Run) -> Estimate | None:
    return Estimate(run.step_us.median, run.step_us.low, run.step_us.high) if run.step_us else None


def _right() -> float:
    return charts.WIDTH - charts.RIGHT


def _base() -> float:
    return charts.HEIGHT - charts.BOTTOM


def _percent(value: float) -> str:
    return f"{value * 100:.0f}%"
