"""Charts of a sweep over batch sizes: times, throughput, and ratios with their crossings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from isograd.notation import numbers
from isograd.notation.names import ACCENTS, SHADES, SPARE_ACCENTS, Look
from isograd.report import charts
from isograd.report.charts import Axis, Chart, Dot, Line, Tick
from isograd.report.scales import Scale
from isograd.report.sweep_answer import (
    contender_name,
    crossing_figure,
    duel_verdict,
    duels,
    quantity_name,
)
from isograd.sweeping.race import Duel, Race
from isograd.sweeping.record import Sweep

EQUAL, CROSSING, FRAMEWORKS = "equal", "crossing", "frameworks"
"""Lines that belong to no contender: equal times, where they are reached, and two frameworks."""


@dataclass(frozen=True)
class Track:
    """A contender's values by batch size."""

    contender: str
    values: list[tuple[int, float]]


def contenders(found: Sweep) -> list[str]:
    """All that were measured, in the order of the grid."""
    known = {outcome.cell.contender for outcome in found.outcomes if outcome.ok}
    return [c for c in dict.fromkeys(cell.contender for cell in found.cells.values()) if c in known]


def looks(found: Sweep) -> dict[str, Look]:
    """Its framework's hue for each contender, and a shade of its own."""
    used: dict[str, int] = {}
    dealt = {name: Look(name, 0) for name in (EQUAL, CROSSING)}
    dealt[FRAMEWORKS] = Look(SPARE_ACCENTS[1], 0)
    for contender in contenders(found):
        framework = contender.partition("/")[0]
        shade = used.get(framework, 0)
        dealt[contender] = Look(ACCENTS.get(framework, SPARE_ACCENTS[0]), shade % SHADES)
        used[framework] = shade + 1
    return dealt


def of_race(race: Race) -> list[Chart]:
    """The charts of one network and quantity; those that have something to show."""
    tracks = _tracks(race)
    what = quantity_name(race)
    unit = "a training step" if race.quantity == "step" else "a call"
    made = [
        _over_batches(tracks, f"Time of {unit}", "time", numbers.tick_time, numbers.time),
        _over_batches(
            [_throughput(track) for track in tracks],
            f"Throughput of {what}",
            "examples a second",
            _count,
            lambda value: f"{_count(value)} examples a second",
        ),
        *(_ratio(duel) for duel in duels(race)),
    ]
    return [chart for chart in made if chart]


def _tracks(race: Race) -> list[Track]:
    return [Track(name, sorted(by_batch.items())) for name, by_batch in race.times.items()]


def _throughput(track: Track) -> Track:
    return Track(track.contender, [(batch, 1e6 * batch / us) for batch, us in track.values])


def _over_batches(
    tracks: Sequence[Track],
    title: str,
    quantity: str,
    tick: Callable[[float], str],
    say: Callable[[float], str],
) -> Chart | None:
    """None with a single batch size, which makes no line."""
    tracks = [track for track in tracks if len(track.values) > 1]
    if not tracks:
        return None
    values = [value for track in tracks for _, value in track.values]
    x = _batch_scale([batch for track in tracks for batch, _ in track.values])
    y = _log_scale(min(values), max(values))
    ends = "; ".join(f"{contender_name(t.contender)} {say(t.values[-1][1])}" for t in tracks)
    return Chart(
        title,
        f"With the largest batch: {ends}.",
        _batch_axis(x, {batch for track in tracks for batch, _ in track.values}),
        Axis(quantity, [Tick(y(value), tick(value)) for value in y.ticks()]),
        [_line(track, x, y, say) for track in tracks],
    )


def _line(track: Track, x: Scale, y: Scale, say: Callable[[float], str]) -> Line:
    places = [(x(batch), y(value)) for batch, value in track.values]
    dots = [
        Dot(*place, f"{contender_name(track.contender)}: {say(value)} with a batch of {batch:,}")
        for place, (batch, value) in zip(places, track.values, strict=True)
    ]
    return Line(track.contender, _path(places), "", dots)


def _ratio(duel: Duel) -> Chart | None:
    """The time of one over that of the other with its interval; below 1 the first one wins."""
    if len(duel.points) < 2:
        return None
    points = duel.points
    x = _batch_scale([point.batch for point in points])
    y = _log_scale(min(1.0, *(p.low for p in points)), max(1.0, *(p.high for p in points)))
    upper = [(x(p.batch), y(p.high)) for p in points]
    lower = [(x(p.batch), y(p.low)) for p in reversed(points)]
    dots = [
        Dot(
            x(p.batch),
            y(p.ratio),
            f"{' '.join(numbers.ratio_range(p.ratio, p.low, p.high))} with a batch of {p.batch:,}: "
            + (f"{contender_name(p.winner)} is faster" if p.winner else "no measurable difference"),
        )
        for p in points
    ]
    curve = Line(
        duel.a if "/" in duel.a else FRAMEWORKS,
        _path([(x(p.batch), y(p.ratio)) for p in points]),
        _path([*upper, *lower]) + "Z",
        dots,
    )
    equal = Line(EQUAL, f"M{charts.LEFT} {y(1.0)}H{charts.WIDTH - charts.RIGHT}", "", [])
    a, b = contender_name(duel.a), contender_name(duel.b)
    return Chart(
        f"{a} over {b}: below 1×, {a} is faster",
        duel_verdict(duel),
        _batch_axis(x, {point.batch for point in points}),
        Axis(f"time of {a} over {b}", [Tick(y(v), f"{v:g}×") for v in _ratio_ticks(y)]),
        [equal, *_crossing_lines(duel, x, y), curve],
    )


def _crossing_lines(duel: Duel, x: Scale, y: Scale) -> list[Line]:
    """The interval of each crossing on the line of equal times, and a mark."""
    found = []
    for one in duel.crossings:
        figure, bounds = crossing_figure(one)
        text = f"equal times with a batch of {figure} {bounds}; then {contender_name(one.after)}"
        mark = Dot(x(one.batch), y(1.0), text)
        found.append(Line(CROSSING, f"M{x(one.low)} {y(1.0)}H{x(one.high)}", "", [], [mark]))
    return found


def _ratio_ticks(y: Scale) -> list[float]:
    """Round ratios that the scale has room for, 1 among them."""
    rough = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 2, 5, 10, 20, 50, 100)
    fine = (0.25, 0.4, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.4, 1.6, 2.5, 3, 4)
    chosen = [1.0]
    for value in (*rough, *(fine if y.high / y.low < 8 else ())):
        if y.low <= value <= y.high and all(abs(y(value) - y(one)) > 16 for one in chosen):
            chosen.append(value)
    return sorted(chosen)


def _batch_scale(batches: Sequence[int]) -> Scale:
    """Ends short of the edge, so that the last tick's text has room."""
    stop = charts.WIDTH - charts.RIGHT - 8
    return Scale(min(batches), max(batches), charts.LEFT, stop, log=True)


def _batch_axis(x: Scale, batches: set[int]) -> Axis:
    """A tick for each batch size that was measured, as far as there is room."""
    ticks: list[Tick] = []
    for batch in sorted(batches):
        if not ticks or x(batch) - ticks[-1].at > 30:
            ticks.append(Tick(x(batch), f"{batch:,}"))
    return Axis("batch size", ticks)


def _log_scale(low: float, high: float) -> Scale:
    room = max((high / low) ** 0.08, 1.02)
    return Scale(low / room, high * room, charts.HEIGHT - charts.BOTTOM, charts.TOP, log=True)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{a} {b}" for a, b in places)


def _count(value: float) -> str:
    """``1.2M``, ``350k``."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{float(f'{value / size:.3g}'):g}{letter}"
    return f"{float(f'{value:.3g}'):g}" if math.isfinite(value) else numbers.MISSING
