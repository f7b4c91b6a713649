"""Intervals, ratios and verdicts from step times that were measured in interleaved rounds.

All times of one arm's round are reduced to their median first, because steps of one round share
their circumstances; rounds are then what is resampled. Ratios are taken within a round, where both
arms ran next to each other, so that drift of the machine cancels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from isograd.result import Comparison, Interval, NoiseFloor, SpeedVerdict

CONFIDENCE = 0.95
RESAMPLES = 4000
TRIM = 0.1
"""Share of the rounds that is left out at each end: a round that the machine disturbed."""

SMALLEST = 0.01
"""A difference below this fraction is never called one, however quiet the machine is."""

Rounds = Sequence[Sequence[float]]
"""Step times of one arm: a list for each round."""


def interval(rounds: Rounds) -> Interval:
    """Typical step time with its interval, in the unit of ``rounds``."""
    center, low, high = _center(np.log(_medians(rounds)))
    return Interval(float(np.exp(center)), float(np.exp(low)), float(np.exp(high)))


def ratio(a: str, b: str, rounds_a: Rounds, rounds_b: Rounds, noise: float = 0.0) -> Comparison:
    """Step time of ``a`` over that of ``b``, round by round, and the verdict about ``a``.

    ``noise`` is the noise floor as a fraction. Raises `ValueError` when the arms do not have the
    same number of rounds.
    """
    if len(rounds_a) != len(rounds_b):
        raise ValueError(f"{a} has {len(rounds_a)} rounds, {b} has {len(rounds_b)}")
    logs = np.log(_medians(rounds_a)) - np.log(_medians(rounds_b))
    center, low, high = (float(np.exp(value)) for value in _center(logs))
    return Comparison(a, b, center, low, high, verdict(low, high, noise))


def verdict(low: float, high: float, noise: float) -> SpeedVerdict:
    """What an interval of a ratio says, given the noise floor.

    A winner is named only if the whole interval lies beyond the noise floor; "no measurable
    difference" only if the whole interval lies within it.
    """
    margin = max(noise, SMALLEST)
    if high < 1.0 / (1.0 + margin):
        return "faster"
    if low > 1.0 + margin:
        return "slower"
    if low >= 1.0 / (1.0 + margin) and high <= 1.0 + margin:
        return "no measurable difference"
    return "inconclusive"


def noise_floor(pairs: Sequence[Comparison]) -> NoiseFloor:
    """The largest difference that pairs of identical arms show, interval included."""
    edges = [abs(edge - 1.0) for pair in pairs for edge in (pair.low, pair.high)]
    return NoiseFloor(max(edges, default=0.0), list(pairs))


def break_even(
    first_call_s: float, step_us: float, eager_first_call_s: float, eager_step_us: float
) -> int | None:
    """After how many steps a slow first call has paid for itself; 0 if at once, None if never."""
    extra = (first_call_s - eager_first_call_s) * 1e6
    if extra <= 0:
        return 0 if step_us <= eager_step_us else None
    gain = eager_step_us - step_us
    return int(np.ceil(extra / gain)) if gain > 0 else None


def _medians(rounds: Rounds) -> NDArray[np.float64]:
    return np.array([np.median(samples) for samples in rounds], dtype=np.float64)


def _center(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Trimmed mean and its expanded percentile bootstrap interval.

    The plain percentile interval is too narrow for few samples; widening its level to match
    Student's t (Hesterberg, The American Statistician 69:4, 2015, section 5.3) repairs that.
    """
    center = float(stats.trim_mean(values, TRIM))
    count = len(values)
    if count < 3 or np.ptp(values) == 0.0:
        return center, float(values.min()), float(values.max())
    t = stats.t.ppf(0.5 + CONFIDENCE / 2, count - 1) * np.sqrt(count / (count - 1))
    level = 2 * stats.norm.cdf(t) - 1
    found = stats.bootstrap(
        (values,),
        _trimmed,
        n_resamples=RESAMPLES,
        confidence_level=min(level, 0.9999),
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return center, float(found.low), float(found.high)


def _trimmed(values: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    return np.asarray(stats.trim_mean(values, TRIM, axis=axis))
