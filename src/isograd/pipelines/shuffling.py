"""How well an epoch is shuffled: four measures, each with what a random permutation gives.

With n items, item i of the file delivered at place p(i):

- ``rank_correlation``: Spearman's, 1 - 6 Σ (i - p(i))² / (n (n² - 1)); 1 for the file's own order,
  0 on average for a permutation.
- ``reach``: the mean of |i - p(i)| over (n² - 1) / (3 n), which is its expectation for a
  permutation: the mean distance of two places drawn at random. 0 for the file's own order.
- ``neighbours``: the share of items that follow their neighbour in the file, before or behind. Each
  of the n - 1 pairs of places holds such a pair with probability 2 / n.
- ``label_mix``: the mean over full batches of χ² = Σ (count - expected)² / expected over classes,
  over its expectation for a permutation, (C - 1) (n - B) / (n - 1): the counts of a batch of B are
  hypergeometric then, with the variance B q (1 - q) (n - B) / (n - 1) for a class of share q. More
  than 1: classes come in clumps.

An order is called worse than a permutation in a measure where it is worse than every one of
`PERMUTATIONS` permutations that were drawn: by chance, that happens once in 200 times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isograd.feeding import Shuffle
from isograd.ir.mapping import Array

PERMUTATIONS = 199

SHOWN = 500
"""How many items of an epoch are kept to be drawn."""


def shuffle_quality(
    delivered: NDArray[np.int64], targets: Array | None, batch_size: int, seed: int = 0
) -> Shuffle:
    """Of an epoch that delivered each item exactly once. ``targets`` are classes in file order, or
    None."""
    found = measures(delivered, targets, batch_size)
    generator = np.random.default_rng(seed)
    chance = [
        measures(generator.permutation(len(delivered)), targets, batch_size)
        for _ in range(PERMUTATIONS)
    ]
    worse = [
        name for name in found if _badness(name, found) > max(_badness(name, c) for c in chance)
    ]
    return Shuffle(
        found["rank correlation"],
        found["reach"],
        found["neighbours"],
        found.get("label mix"),
        2 / len(delivered),
        worse,
        [[int(place), int(delivered[place])] for place in _spread(len(delivered))],
    )


def _spread(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, SHOWN)).astype(np.int64))


def _badness(name: str, measures: dict[str, float]) -> float:
    value = measures[name]
    if name == "rank correlation":
        return abs(value)
    return -value if name == "reach" else value


def measures(
    delivered: NDArray[np.int64], targets: Array | None, batch_size: int
) -> dict[str, float]:
    """The measures by name; the label mix only where there is one."""
    count = len(delivered)
    if count < 2:
        return {"rank correlation": 0.0, "reach": 1.0, "neighbours": 0.0}
    apart = np.abs(delivered - np.arange(count)).astype(np.float64)
    found = {
        "rank correlation": 1 - 6 * float(apart @ apart) / (count * (count**2 - 1.0)),
        "reach": float(apart.mean()) * 3 * count / (count**2 - 1.0),
        "neighbours": float((np.abs(np.diff(delivered)) == 1).mean()),
    }
    mix = None if targets is None else _label_mix(targets[delivered], batch_size)
    return found if mix is None else {**found, "label mix": mix}


def _label_mix(labels: Array, batch_size: int) -> float | None:
    """None where there are fewer than two classes or two full batches."""
    classes, numbers = np.unique(labels, return_inverse=True)
    count, kinds = len(labels), len(classes)
    batches = count // batch_size
    if kinds < 2 or batches < 2:
        return None
    full = numbers[: batches * batch_size]
    rows = np.repeat(np.arange(batches), batch_size)
    counts = np.bincount(rows * kinds + full, minlength=batches * kinds).reshape(batches, kinds)
    expected = batch_size * np.bincount(numbers) / count
    squares = ((counts - expected) ** 2 / expected).sum(axis=1)
    return float(squares.mean()) / ((kinds - 1) * (count - batch_size) / (count - 1))
