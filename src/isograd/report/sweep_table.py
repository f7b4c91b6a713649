"""The table of a sweep: every cell with its figures, and who is fastest where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isograd.measure.stats import ratio
from isograd.notation import numbers
from isograd.notation.names import title
from isograd.report.sweep_answer import contender_name
from isograd.sweeping.cell import Cell
from isograd.sweeping.race import Race
from isograd.sweeping.record import Outcome, Sweep, Timing


@dataclass(frozen=True)
class Figure:
    """What a cell of the table shows: ``small`` stands below, ``value`` is what it is sorted by,
    ``look`` a class of the style sheet."""

    text: str = numbers.MISSING
    small: str = ""
    value: float | str | None = None
    look: str = ""


COLUMNS = (
    ("network", "network", "as the grid names it"),
    ("mode", "framework and mode", ""),
    ("batch", "batch", "examples in a step or a call"),
    ("step", "training step", "median over rounds; below it, its 95% interval"),
    ("ratio", "over the baseline's", "both measured in turns; below it, the interval"),
    ("rate", "examples a second", "in training"),
    ("inference", "inference", "a call in evaluation mode, from arrays to arrays"),
    ("first", "first call", "the first training step of a fresh process"),
    ("memory", "memory", "peak of the process"),
    ("agreement", "outputs and losses", "against the baseline's"),
)
"""Key, head and meaning of each column."""


def rows(found: Sweep) -> list[tuple[Outcome, dict[str, Figure]]]:
    """Cells that were measured, with a figure for each column."""
    return [(outcome, _figures(outcome)) for outcome in found.outcomes if outcome.ok]


def _figures(outcome: Outcome) -> dict[str, Figure]:
    cell, step = outcome.cell, outcome.step
    rate = 1e6 * cell.batch_size / step.us.median if step else None
    return {
        "network": Figure(cell.model, f"seed {cell.seed}", cell.model),
        "mode": Figure(contender_name(cell.contender), value=contender_name(cell.contender)),
        "batch": Figure(f"{cell.batch_size:,}", value=cell.batch_size),
        "step": _time(step),
        "ratio": _ratio(outcome),
        "rate": Figure(numbers.count(round(rate)), value=rate) if rate else Figure(),
        "inference": _time(outcome.inference),
        "first": _figure(outcome.first_call_s, numbers.seconds),
        "memory": _figure(outcome.peak_memory_mb, numbers.memory),
        "agreement": _agreement(outcome),
    }


def _figure(value: float | None, say: Callable[[float | None], str]) -> Figure:
    return Figure(say(value), value=value) if value is not None else Figure()


def _time(timing: Timing | None) -> Figure:
    if timing is None:
        return Figure()
    text, bounds = numbers.time_range(timing.us)
    return Figure(text, bounds, timing.us.median)


def _ratio(outcome: Outcome) -> Figure:
    """Of its own rounds alone: what another process would do is in the charts' intervals."""
    if outcome.step is None:
        return Figure()
    own, base = ([[one] for one in some] for some in (outcome.step.rounds, outcome.step.baseline))
    found = ratio("own", "baseline", own, base)
    text, bounds = numbers.ratio_range(found.ratio, found.low, found.high)
    same = "the same program again" if outcome.cell == outcome.baseline else bounds
    return Figure(text, same, found.ratio)


def _agreement(outcome: Outcome) -> Figure:
    words = {"agrees": "equivalent", "different": "different", "inconclusive": "inconclusive"}
    apart = [
        f"{name} {numbers.multiple(value)}"
        for name, value in (("outputs", outcome.outputs), ("losses", outcome.training))
        if value is not None
    ]
    return Figure(
        outcome.agreement, ", ".join(apart), outcome.agreement, words.get(outcome.agreement, "soft")
    )


def filters(found: Sweep) -> dict[str, list[tuple[str, str]]]:
    """Kinds of cells with the values and names that each has; a kind of one value is none."""
    cells = [outcome.cell for outcome in found.outcomes if outcome.ok]
    kinds: dict[str, Callable[[Cell], tuple[str, str]]] = {
        "network": lambda cell: (cell.model, cell.model),
        "framework": lambda cell: (cell.framework, title(cell.framework)),
        "mode": lambda cell: (cell.mode, cell.mode),
        "precision": lambda cell: (cell.precision, cell.precision),
        "batch": lambda cell: (str(cell.batch_size), f"{cell.batch_size:,}"),
        "seed": lambda cell: (str(cell.seed), str(cell.seed)),
    }
    values = {kind: list(dict.fromkeys(map(say, cells))) for kind, say in kinds.items()}
    return {kind: some for kind, some in values.items() if len(some) > 1}


@dataclass(frozen=True)
class Rank:
    """One batch size of a race: who is fastest, its time and throughput, and who is not measurably
    slower."""

    batch: str
    fastest: str
    time: str
    rate: str
    rivals: list[str]


def ranks(race: Race) -> list[Rank]:
    """A row for each batch size."""
    made = []
    for one in race.standings:
        us = race.times[one.fastest][one.batch]
        rate = numbers.count(round(1e6 * one.batch / us))
        rivals = [contender_name(rival) for rival in one.rivals]
        name = contender_name(one.fastest)
        made.append(Rank(f"{one.batch:,}", name, numbers.time(us), rate, rivals))
    return made
