"""The measures of a shuffle: what they are for a permutation, and what they see."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from isograd.pipelines.shuffling import measures, shuffle_quality

N, BATCH = 2000, 50
SORTED = np.repeat(np.arange(4), N // 4)
MIXED = np.arange(N) % 4


def buffered(size: int, seed: int = 0) -> NDArray[np.int64]:
    """What a shuffle buffer makes of a file: one of those held, at random, for each that comes."""
    generator = np.random.default_rng(seed)
    held, out = list(range(size)), []
    for coming in range(size, N):
        place = generator.integers(size)
        out.append(held[place])
        held[place] = coming
    return np.array([*out, *generator.permutation(held)])


def test_a_permutation_is_as_its_derivation_says() -> None:
    found = [
        measures(np.random.default_rng([5, seed]).permutation(N), SORTED, BATCH)
        for seed in range(1000)
    ]
    for name, expected in {
        "rank correlation": 0,
        "reach": 1,
        "neighbours": 2 / N,
        "label mix": 1,
    }.items():
        values = [one[name] for one in found]
        error = np.std(values) / np.sqrt(len(values))
        assert np.mean(values) == pytest.approx(expected, abs=4 * error), name


def test_a_permutation_is_called_worse_as_rarely_as_is_stated() -> None:
    wrong = sum(
        bool(shuffle_quality(np.random.default_rng([seed, 1]).permutation(300), None, 10).worse)
        for seed in range(60)
    )
    assert wrong <= 4  # three measures, each in one of 200 cases: 0.9 of 60 are expected


def test_the_files_own_order_is_the_worst_in_every_measure() -> None:
    found = shuffle_quality(np.arange(N), SORTED, BATCH)
    assert found.rank_correlation == 1
    assert found.reach == 0
    assert found.neighbours == 1
    assert found.label_mix is not None
    assert found.label_mix > 40
    assert found.worse == ["rank correlation", "reach", "neighbours", "label mix"]


def test_a_small_buffer_on_sorted_labels_is_seen() -> None:
    found = shuffle_quality(buffered(100), SORTED, BATCH)
    assert {"rank correlation", "reach", "label mix"} <= set(found.worse)
    assert found.label_mix is not None
    assert found.label_mix > 10


def test_labels_that_lie_mixed_hide_a_small_buffer_from_the_label_mix_alone() -> None:
    found = shuffle_quality(buffered(100), MIXED, BATCH)
    assert "label mix" not in found.worse
    assert "rank correlation" in found.worse


def test_blocks_that_stay_together_are_seen_though_their_order_is_random() -> None:
    blocks = np.random.default_rng(0).permutation(N // 10)
    found = shuffle_quality((blocks[:, None] * 10 + np.arange(10)).ravel(), MIXED, BATCH)
    assert "neighbours" in found.worse
    assert found.neighbours == pytest.approx(0.9, abs=0.01)
