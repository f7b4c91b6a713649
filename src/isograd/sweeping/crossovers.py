"""Where one contender overtakes another as batches grow, with an interval.

Everything is in logarithms: of the time over the baseline's, and of the batch size. A contender's
curve is known by an estimate and by replicates, each of which is a curve as it might have come out
(bootstrap): its rounds drawn again, and its process replaced by another one of the same program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from isograd.measure.stats import CONFIDENCE, SMALLEST
from isograd.sweeping.race import Crossing, Duel, Point

REPLICATES = 2000

MARGIN = float(np.log1p(SMALLEST))
"""A logarithm of a ratio within this is never called a difference."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """The logarithm of a contender's time over its baseline's, with one batch size: the estimate,
    and ``replicates`` of it."""

    estimate: float
    replicates: Floats


Curve = Mapping[int, Known]
"""Batch size to what is known there."""


def resampled(rounds: Sequence[Floats], generator: np.random.Generator) -> Known:
    """From the logarithmic ratios of each round, an array for each seed: the median over rounds,
    and its mean over seeds."""
    drawn = [
        np.median(one[generator.integers(len(one), size=(REPLICATES, len(one)))], axis=1)
        for one in rounds
    ]
    middles = [float(np.median(one)) for one in rounds]
    return Known(float(np.mean(middles)), np.mean(drawn, axis=0))


def disturbed(known: Known, scale: float, pairs: int, generator: np.random.Generator) -> Known:
    """With the process replaced by another one: its own effect is normal, with a variance that is
    known from ``pairs`` pairs alone, which makes it Student's distribution with that many degrees
    of freedom (the predictive distribution of a normal variable of known mean)."""
    if not pairs or not scale:
        return known
    moved = scale * generator.standard_t(pairs, REPLICATES)
    return Known(known.estimate, known.replicates + moved)


def quickest(curves: Sequence[Curve]) -> dict[int, Known]:
    """At each batch size that any of them has, the one with the least estimate: a framework with
    its fastest mode. It keeps its own replicates: the least of several would be narrower, and the
    lower the more of them there are."""
    found = {}
    for batch in sorted({batch for curve in curves for batch in curve}):
        there = [curve[batch] for curve in curves if batch in curve]
        found[batch] = min(there, key=lambda known: known.estimate)
    return found


def duel(a: str, b: str, curve_a: Curve, curve_b: Curve) -> Duel:
    """Two contenders at the batch sizes that both have."""
    batches = sorted(set(curve_a) & set(curve_b))
    estimates = np.array([curve_a[n].estimate - curve_b[n].estimate for n in batches])
    replicates = np.array([curve_a[n].replicates - curve_b[n].replicates for n in batches])
    points = [
        _point(batch, estimate, drawn, a, b)
        for batch, estimate, drawn in zip(batches, estimates, replicates, strict=True)
    ]
    return Duel(a, b, points, _crossings(points, estimates, replicates))


def _point(batch: int, estimate: float, drawn: Floats, a: str, b: str) -> Point:
    low, high = _interval(drawn)
    low, high = min(low, estimate), max(high, estimate)
    winner = a if high < -MARGIN else b if low > MARGIN else ""
    return Point(batch, _times(estimate), _times(low), _times(high), winner)


def _crossings(points: Sequence[Point], estimates: Floats, replicates: Floats) -> list[Crossing]:
    """Between each two neighbours of those points that have a winner, where it is not the same.
    Points between them, which have none, take part in where the line is."""
    decided = [number for number, point in enumerate(points) if point.winner]
    found = []
    for first, last in pairwise(decided):
        before, after = points[first].winner, points[last].winner
        if before == after:
            continue
        sizes = np.log([point.batch for point in points[first : last + 1]])
        inside = slice(first, last + 1)
        sign = np.sign(estimates[first])
        (middle,) = _zeros(sizes, estimates[None, inside], sign)
        low, high = _interval(_zeros(sizes, replicates[inside].T, sign))
        low, high = min(low, middle), max(high, middle)
        between = points[first].batch, points[last].batch
        crossing = Crossing(_times(middle), _times(low), _times(high), between, before, after)
        found.append(crossing)
    return found


def _zeros(sizes: Floats, curves: Floats, sign: float) -> Floats:
    """Where each of some curves [count, sizes] first has another sign than ``sign``, on straight
    lines between the sizes; at an end, where it has it from the start or never."""
    other = np.sign(curves) != sign
    found = np.where(other.any(axis=1), np.argmax(other, axis=1), len(sizes))
    at = np.clip(found, 1, len(sizes) - 1)
    rows = np.arange(len(curves))
    before, after = curves[rows, at - 1], curves[rows, at]
    span = np.where(before == after, 1.0, before - after)
    zeros = sizes[at - 1] + (sizes[at] - sizes[at - 1]) * np.clip(before / span, 0.0, 1.0)
    zeros = np.where(found == 0, sizes[0], zeros)
    return np.where(found == len(sizes), sizes[-1], zeros)


def _times(logarithm: float) -> float:
    return float(np.exp(logarithm))


def _interval(drawn: Floats) -> tuple[float, float]:
    left = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [left, 1 - left])
    return float(low), float(high)
