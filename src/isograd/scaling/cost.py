"""A model of the time of a step with many workers, fitted to a few.

    t(n) = fixed + example * batch(n) + sums(n)            sums(1) = 0
    sums(n) = extra + 2 (n - 1) * hop + 2 (n - 1) / n * bytes * byte

``batch(n)`` is what one worker has to do. The sums of gradients go around a ring: everyone sends
2 (n - 1) messages, which together are 2 (n - 1) / n of all bytes (Patarasuk and Yuan, Bandwidth
optimal all-reduce algorithms for clusters of workstations, JPDC 2009). Both engines do that: gloo's
``allreduce`` and TensorFlow's ``RingReducer``. A link adds its latency to each hop, as often as a
message of that engine crosses it, and its bandwidth to each byte.

No sum is taken to be hidden behind the backward pass: where there are several buckets of gradients,
a step can be quicker than this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from isograd.scaling.record import Estimate
from isograd.scaling.request import Link

DRAWS = 300
"""Resamplings of the rounds that make an interval."""

US = 1e6
"""Microseconds in a second."""

FORMULA = (
    "t(n) = fixed + example · batch(n) + [n > 1] · (extra + 2(n-1) · hop + 2(n-1)/n · bytes · byte)"
)

Rounds = Mapping[str, Sequence[Sequence[float]]]
"""What was timed, by its name, to microseconds: a list for each round."""


@dataclass(frozen=True)
class Measured:
    """The times of one number of workers, with the batch of each of them."""

    workers: int
    share: int
    rounds: Rounds


@dataclass(frozen=True)
class Cost:
    """The model's numbers, in microseconds. ``crossings`` is how often a message of a hop crosses
    the link (see `isograd.scaling.engine.Engine`)."""

    fixed: float
    example: float
    extra: float
    hop: float
    byte: float
    bytes: int
    crossings: int = 1

    def sums(self, workers: int, link: Link | None = None) -> float:
        """What a step takes for being one of ``workers``; they are tied by ``link``, or as they
        were where it was measured."""
        if workers == 1:
            return 0.0
        hop, byte = self.hop, self.byte
        if link:
            hop += self.crossings * link.latency_s * US
            byte += link.second_per_byte * US
        around = 2 * (workers - 1)
        return self.extra + around * hop + around / workers * self.bytes * byte

    def step(self, workers: int, share: float, link: Link | None = None) -> float:
        """The time of a step in which each worker has ``share`` examples."""
        alone = self.fixed + self.example * share
        return alone + max(self.sums(workers, link), 0.0)


def fit(measured: Sequence[Measured], size: int, crossings: int) -> Cost | None:
    """The model of what was measured: ``size`` is the bytes of all gradients. None where there is
    nothing to fit the sums to, which takes two workers."""
    return _fit([_medians(one.rounds) for one in measured], measured, size, crossings)


def estimates(
    measured: Sequence[Measured],
    size: int,
    crossings: int,
    asked: Sequence[tuple[int, float]],
    link: Link | None = None,
) -> list[Estimate]:
    """Step times for (workers, share) as ``asked``, with intervals: the model is fitted again and
    again to rounds that are drawn with replacement (Efron and Tibshirani, An Introduction to the
    Bootstrap, 1993)."""
    cost = fit(measured, size, crossings)
    if cost is None:
        return []
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        medians = [_medians(one.rounds, generator) for one in measured]
        again = _fit(medians, measured, size, crossings)
        if again:
            drawn.append([again.step(n, share, link) for n, share in asked])
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return [
        Estimate(cost.step(n, share, link), float(low[i]), float(high[i]))
        for i, (n, share) in enumerate(asked)
    ]


def _fit(
    medians: Sequence[Mapping[str, float]],
    measured: Sequence[Measured],
    size: int,
    crossings: int,
) -> Cost | None:
    alone = next((i for i, one in enumerate(measured) if one.workers == 1), None)
    together = [i for i, one in enumerate(measured) if one.workers > 1]
    if alone is None or not together:
        return None
    start, example = _computing(medians[alone])
    fixed = max(medians[alone]["step"] - example * measured[alone].share, 0.0)
    fixed = fixed if start else medians[alone]["step"]
    hop, byte = _reducing([(measured[i].workers, medians[i]) for i in together])
    plain = Cost(fixed, example, 0.0, hop, byte, size, crossings)
    rest = [
        medians[i]["step"] - plain.step(measured[i].workers, measured[i].share) for i in together
    ]
    return Cost(fixed, example, float(np.median(rest)), hop, byte, size, crossings)


def _computing(medians: Mapping[str, float]) -> tuple[float, float]:
    """A worker's own step over its batch, as a straight line: where it starts, and its slope."""
    points = [(float(n.split()[1]), t) for n, t in medians.items() if n.startswith("local ")]
    if len(points) < 2:
        return 0.0, 0.0
    table = np.array([[1.0, batch] for batch, _ in points])
    times = np.array([time for _, time in points])
    (start, slope), _ = nnls(table / times[:, None], np.ones(len(times)))
    return float(start), float(slope)


def _reducing(found: Sequence[tuple[int, Mapping[str, float]]]) -> tuple[float, float]:
    """Of a hop, and of a byte, from sums of several sizes: the least relative squares."""
    rows, times = [], []
    for workers, medians in found:
        for name, time in medians.items():
            if name.startswith("reduce "):
                around = 2.0 * (workers - 1)
                rows.append([around, around / workers * float(name.split()[1])])
                times.append(time)
    if not rows:
        return 0.0, 0.0
    table, column = np.array(rows), np.array(times)
    (hop, byte), _ = nnls(table / column[:, None], np.ones(len(column)))
    return float(hop), float(byte)


def _medians(rounds: Rounds, generator: np.random.Generator | None = None) -> dict[str, float]:
    """The median over rounds of each round's median; over rounds drawn anew with a generator."""
    found = {}
    for name, every in rounds.items():
        middles: NDArray[np.float64] = np.array([np.median(one) for one in every])
        if generator is not None:
            middles = generator.choice(middles, len(middles))
        found[name] = float(np.median(middles))
    return found
