"""How long the cells that are left will take, from those that have ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from isograd.sweeping.cell import Cell
from isograd.sweeping.record import Outcome


def left_s(left: Sequence[Cell], ended: Iterable[Outcome], places: int = 1) -> float | None:
    """Seconds: for each cell the mean of its framework and mode, or else of all, spread over the
    places at which cells are measured. None where nothing has ended yet."""
    spent: dict[str, list[float]] = {}
    for outcome in ended:
        if outcome.ok:
            spent.setdefault(f"{outcome.cell.framework}/{outcome.cell.mode}", []).append(
                outcome.seconds
            )
    if not spent:
        return None
    means = {name: fmean(seconds) for name, seconds in spent.items()}
    usual = fmean(second for seconds in spent.values() for second in seconds)
    total = sum(means.get(f"{cell.framework}/{cell.mode}", usual) for cell in left)
    return total / max(places, 1)
