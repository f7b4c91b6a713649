"""Intervals, ratios and verdicts from step times that were measured in interleaved rounds.

All times of one arm's round are reduced to their median first, because steps of one round share
their circumstances; rounds are then what is counted. Ratios are taken within a round, where both
arms ran next to each other, so that drift of the machine cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from isograd.result import Comparison, Interval, NoiseFloor, SpeedVerdict

CONFIDENCE = 0.95

SMALLEST = 0.01
"""A difference below this fraction is never called one, however quiet the machine is."""

Rounds = Sequence[Sequence[float]] | NDArray[np.float64]
"""Step times of one arm: a list, or a row, for each round."""


def interval(rounds: Rounds) -> Interval:
    """Typical step time with its interval, in the unit of ``rounds``."""
    center, low, high = _center(np.log(_medians(rounds)))
    return Interval(float(np.exp(center)), float(np.exp(low)), float(np.exp(high)))


def typical(values: Sequence[float]) -> Interval:
    """The typical value of one for each round, as they are: for what may be zero."""
    return Interval(*_center(np.asarray(values, dtype=np.float64)))


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
    """The largest difference that pairs of identical arms show, interval included.

    A ratio of 0.8 counts as 1.25: which arm of an identical pair is named first is arbitrary.

    This is what sees that two processes of one program differ for as long as they live, but one or
    two pairs are a small sample of it. In simulation, identical arms are told apart in fewer than
    5 % of comparisons while processes keep a standard deviation of 0.5 % of their own; at 1 % and
    30 rounds or more it is 5 to 15 %.
    """
    edges = [max(edge, 1.0 / edge) - 1.0 for pair in pairs for edge in (pair.low, pair.high)]
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
    """Hodges-Lehmann estimate (the median of all pairwise means) and its distribution-free
    confidence interval, which inverts the Wilcoxon signed-rank test.

    The log ratio of two arms under the same noise is symmetric about the true one, whatever the
    noise is. That, and rounds whose noise is independent, is all the interval asks for: its
    coverage is then exact even for few rounds, and a disturbed round has a rank but no size. What
    one arm keeps from round to round is not covered; `noise_floor` is there for it. Fewer than six
    rounds cannot reach `CONFIDENCE`; then it is the whole range. Source: Hollander, Wolfe and
    Chicken, Nonparametric Statistical Methods, 3rd edition, 2014, sections 3.1 to 3.3.
    """
    first, second = np.triu_indices(len(values))
    means = np.sort((values[first] + values[second]) / 2)
    left_out = _left_out(len(values))
    return float(np.median(means)), float(means[left_out]), float(means[-1 - left_out])


@cache
def _left_out(count: int) -> int:
    """How many pairwise means lie outside of the interval, at each end.

    Under the null hypothesis each of the ranks 1 to ``count`` is in the signed-rank sum with
    probability one half; this is the largest sum whose lower tail is within what is allowed.
    """
    chance = np.zeros(count * (count + 1) // 2 + 1)
    chance[0] = 1.0
    for rank in range(1, count + 1):
        chance[rank:] = (chance[rank:] + chance[:-rank]) / 2
        chance[:rank] /= 2
    within = int(np.searchsorted(np.cumsum(chance), (1 - CONFIDENCE) / 2, side="right"))
    return max(within - 1, 0)
