"""The blocks that a large tensor is turned in."""

from __future__ import annotations

import numpy as np
import pytest

from isograd.checkpoints.turning import LINE, RUN, turn

CACHE = 1 << 20
"""Bytes of the cache that each core has of its own."""


def blocks_of(shape: tuple[int, ...], axes: tuple[int, ...], dtype: str) -> list[np.ndarray]:
    """The memory that a tensor goes through on its way to the order ``axes``."""
    seen: list[np.ndarray] = []
    result = np.empty([shape[axis] for axis in axes], dtype)
    turn(result.transpose(np.argsort(axes)), lambda cut, block: seen.append(block))
    assert sum(block.size for block in seen) == result.size
    return seen


@pytest.mark.parametrize(
    ("shape", "axes", "contiguous"),
    [
        ((2048, 2048), (1, 0), (0,)),
        ((512, 256, 3, 3), (2, 3, 1, 0), (0,)),
        ((3, 3, 256, 512), (3, 2, 0, 1), (0, 1, 2)),
        ((8, 512, 512), (0, 2, 1), (1,)),
        ((1 << 15, 4, 4), (0, 2, 1), (0, 1, 2)),
    ],
)
def test_a_block_gives_long_runs_and_fits_into_a_cache(shape, axes, contiguous):
    largest = max(blocks_of(shape, axes, "f4"), key=lambda block: block.nbytes)
    assert np.prod([largest.shape[axis] for axis in contiguous]) >= RUN
    assert largest.nbytes <= CACHE


def test_rows_of_a_power_of_two_are_spread_over_the_sets_of_a_cache():
    block = blocks_of((128, 4096), (1, 0), "u2")[0]
    lines, rest = divmod(block.strides[0], LINE)
    assert rest == 0
    assert lines % 2 == 1


def test_other_rows_stay_as_close_as_they_lie():
    assert blocks_of((128, 4100), (1, 0), "u2")[0].flags.c_contiguous
