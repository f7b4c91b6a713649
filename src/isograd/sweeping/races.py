"""From the cells of a sweep to the race of each network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np

from isograd.sweeping.crossovers import Curve, Floats, Known, disturbed, duel, quickest, resampled
from isograd.sweeping.race import QUANTITIES, Duel, Quantity, Race, Standing
from isograd.sweeping.record import Outcome


def races(outcomes: Iterable[Outcome]) -> list[Race]:
    """One for each network and quantity of which something was measured, in the order of cells.
    Cells whose losses are different are left out: they run something else."""
    by_model: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.ok and outcome.agreement != "different":
            by_model.setdefault(outcome.cell.model, []).append(outcome)
    found = (_race(model, q, some) for model, some in by_model.items() for q in QUANTITIES)
    return [race for race in found if race.standings]


def _race(model: str, quantity: Quantity, outcomes: Sequence[Outcome]) -> Race:
    centers = [
        float(np.median(logs)) for o in outcomes if _is_pair(o) and len(logs := _logs(o, quantity))
    ]
    noise = float(np.sqrt(np.mean(np.square(centers)))) if centers else 0.0
    curves = _curves(model, quantity, outcomes, noise, len(centers))
    standings = _standings(curves)
    return Race(
        model,
        quantity,
        standings,
        _times(curves, quantity, outcomes),
        _of_modes(curves, standings),
        _of_frameworks(curves),
        noise,
        len(centers),
    )


def _curves(
    model: str, quantity: Quantity, outcomes: Sequence[Outcome], noise: float, pairs: int
) -> dict[str, dict[int, Known]]:
    """Contender to its curve. A difference of two contenders has the effects of two processes, as
    has that of a pair: each of them gets half of the variance."""
    cells: dict[tuple[str, int], list[Floats]] = {}
    baselines = _baselines(outcomes)
    for outcome in outcomes:
        cell, logs = outcome.cell, _logs(outcome, quantity)
        if len(logs) and _baseline(outcome) == baselines[cell.batch_size]:
            own = np.zeros(1) if _is_pair(outcome) else logs
            cells.setdefault((cell.contender, cell.batch_size), []).append(own)
    curves: dict[str, dict[int, Known]] = {}
    for (contender, batch), rounds in cells.items():
        seed = crc32(f"{model} {quantity} {contender} {batch}".encode())
        generator = np.random.default_rng(seed)
        scale = noise / np.sqrt(2 * len(rounds))
        known = disturbed(resampled(rounds, generator), scale, pairs, generator)
        curves.setdefault(contender, {})[batch] = known
    return curves


def _times(
    curves: dict[str, dict[int, Known]], quantity: Quantity, outcomes: Sequence[Outcome]
) -> dict[str, dict[int, float]]:
    """The baseline's time with each batch size, of all rounds with all cells, and the ratio."""
    baselines = _baselines(outcomes)
    rounds: dict[int, list[float]] = {}
    for outcome in outcomes:
        timing, batch = outcome.timing(quantity), outcome.cell.batch_size
        if timing and _baseline(outcome) == baselines[batch]:
            rounds.setdefault(batch, []).extend(timing.baseline)
    usual = {batch: float(np.median(some)) for batch, some in rounds.items()}
    return {
        contender: {
            batch: usual[batch] * float(np.exp(one.estimate)) for batch, one in curve.items()
        }
        for contender, curve in curves.items()
    }


def _is_pair(outcome: Outcome) -> bool:
    """Whether it was held against another process of itself."""
    return outcome.baseline == outcome.cell


def _logs(outcome: Outcome, quantity: Quantity) -> Floats:
    """Of the cell's time over its baseline's, round by round; empty where it was not timed."""
    timing = outcome.timing(quantity)
    return np.log(np.divide(timing.rounds, timing.baseline)) if timing else np.zeros(0)


def _baseline(outcome: Outcome) -> str:
    return outcome.baseline.contender if outcome.baseline else ""


def _baselines(outcomes: Sequence[Outcome]) -> dict[int, str]:
    """Batch size to the contender that most cells there were held against."""
    counts: dict[int, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.cell.batch_size, Counter())[_baseline(outcome)] += 1
    return {batch: count.most_common(1)[0][0] for batch, count in counts.items()}


def _standings(curves: dict[str, dict[int, Known]]) -> list[Standing]:
    found = []
    for batch in sorted({batch for curve in curves.values() for batch in curve}):
        there = {name: curve[batch] for name, curve in curves.items() if batch in curve}
        fastest = min(there, key=lambda name: there[name].estimate)
        best = {batch: there[fastest]}
        rivals = [
            name
            for name, known in there.items()
            if name != fastest and not duel(fastest, name, best, {batch: known}).winners
        ]
        found.append(Standing(batch, fastest, rivals))
    return found


def _of_modes(curves: dict[str, dict[int, Known]], standings: Sequence[Standing]) -> Duel | None:
    """The winner with the smallest batch against the one with the largest, or else against who
    comes closest to it with the largest batch that another one has. None where no two share a
    batch size."""
    if not standings:
        return None
    first, last = standings[0].fastest, standings[-1].fastest
    if first != last and set(curves[first]) & set(curves[last]):
        return duel(first, last, curves[first], curves[last])
    for batch in sorted(curves[first], reverse=True):
        others = [name for name, curve in curves.items() if name != first and batch in curve]
        if others:
            nearest = min(others, key=lambda name: curves[name][batch].estimate)
            return duel(first, nearest, curves[first], curves[nearest])
    return None


def _of_frameworks(curves: dict[str, dict[int, Known]]) -> Duel | None:
    """Both frameworks with the fastest of their modes; None with fewer than two."""
    by: dict[str, list[Curve]] = {}
    for contender, curve in curves.items():
        by.setdefault(contender.partition("/")[0], []).append(curve)
    if len(by) < 2:
        return None
    (a, ours), (b, theirs) = [*by.items()][:2]
    return duel(a, b, quickest(ours), quickest(theirs))
