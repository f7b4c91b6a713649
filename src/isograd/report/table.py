"""The mode table: what each report shows of each mode, before any layout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from isograd.measure.standing import between, is_fair
from isograd.notation import numbers
from isograd.result import Curve, Mode, Result


@dataclass(frozen=True)
class Column:
    """``short`` is the title where space is scarce."""

    key: str
    title: str
    short: str
    meaning: str


REFERENCE = "(reference)"
"""Stands instead of the interval of a ratio in the reference's own row."""

COLUMNS = (
    Column("proof", "proof", "proof", "whether the mode computes what the reference computes"),
    Column("step", "training step", "step", "median time of a training step and its 95 % interval"),
    Column(
        "ratio", "against reference", "ratio", "step time over the reference's: below 1 is faster"
    ),
    Column("first", "first call", "first\ncall", "time of the first call, compilation included"),
    Column(
        "break_even",
        "break-even",
        "break-\neven",
        "training steps until the first call has paid for itself against the eager mode",
    ),
    Column("accuracy", "accuracy", "accu-\nracy", "on data not trained on, after the last epoch"),
    Column(
        "memory", "peak memory", "peak\nmemory", "largest resident memory of the worker process"
    ),
)


@dataclass(frozen=True)
class Cell:
    """``text``, an interval to go with it, and the reason why there is no number. ``pace`` is
    ``faster`` or ``slower`` than the reference, where that may be said."""

    text: str
    bounds: str = ""
    note: str = ""
    pace: str = ""

    @property
    def line(self) -> str:
        """Text and interval together."""
        return f"{self.text} {self.bounds}".rstrip()


@dataclass(frozen=True)
class Row:
    """One mode: a cell for each column, and what to say when it could not run."""

    mode: Mode
    cells: dict[str, Cell]
    trouble: str


def rows(result: Result) -> list[Row]:
    """One row for each mode, in the order of the result; none is left out."""
    return [
        Row(
            mode, {column.key: _cell(result, mode, column.key) for column in COLUMNS}, trouble(mode)
        )
        for mode in result.modes
    ]


def trouble(mode: Mode) -> str:
    """``crashed: reason`` for a mode that could not run or stopped early; empty if all is well."""
    if mode.status == "ok":
        return mode.reason
    return f"{mode.status}: {mode.reason}" if mode.reason else mode.status


def seed_spread(curves: Sequence[Curve]) -> float:
    """Largest minus smallest final quality over the seeds; 0 with fewer than two."""
    finals = [curve.quality[-1] for curve in curves if curve.quality]
    finite = [value for value in finals if math.isfinite(value)]
    return max(finite) - min(finite) if len(finite) > 1 else 0.0


def _cell(result: Result, mode: Mode, key: str) -> Cell:
    text, bounds, why = _CONTENT[key](result, mode)
    if text == numbers.MISSING:
        stopped = trouble(mode) if mode.status != "ok" else ""
        return Cell(text, note=stopped or why or mode.reason or "not measured")
    return Cell(text, bounds, pace=_pace(result, mode) if key == "ratio" else "")


def _pace(result: Result, mode: Mode) -> str:
    """Nothing is faster in an unfair comparison, or when it is not the same network."""
    told = mode.speed in ("faster", "slower") and mode.label != result.reference
    return str(mode.speed) if told and mode.verdict == "equivalent" and is_fair(result) else ""


def _proof(result: Result, mode: Mode) -> tuple[str, str, str]:
    return mode.verdict or numbers.MISSING, "", ""


def _step(result: Result, mode: Mode) -> tuple[str, str, str]:
    return *numbers.time_range(mode.step_us), ""


def _ratio(result: Result, mode: Mode) -> tuple[str, str, str]:
    if mode.label == result.reference:
        return ("1", REFERENCE, "") if mode.step_us else (numbers.MISSING, "", "")
    found = between(result, mode.label, result.reference)
    if found is None:
        return numbers.MISSING, "", "not compared with the reference"
    return *numbers.ratio_range(found.ratio, found.low, found.high), ""


def _first(result: Result, mode: Mode) -> tuple[str, str, str]:
    return numbers.seconds(mode.first_call_s), "", ""


def _break_even(result: Result, mode: Mode) -> tuple[str, str, str]:
    if mode.break_even_steps is not None:
        return numbers.count(mode.break_even_steps), "", ""
    if mode.mode == "eager":
        return numbers.MISSING, "", "the others are held against eager"
    if mode.step_us is None or mode.first_call_s is None:
        return numbers.MISSING, "", ""
    return "never", "", ""


def _accuracy(result: Result, mode: Mode) -> tuple[str, str, str]:
    return numbers.percent(mode.accuracy, seed_spread(mode.curves)), "", ""


def _memory(result: Result, mode: Mode) -> tuple[str, str, str]:
    return numbers.memory(mode.peak_memory_mb), "", ""


_CONTENT = {
    "proof": _proof,
    "step": _step,
    "ratio": _ratio,
    "first": _first,
    "break_even": _break_even,
    "accuracy": _accuracy,
    "memory": _memory,
}
