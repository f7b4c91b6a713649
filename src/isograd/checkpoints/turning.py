"""Large tensors whose axes change their order: copied block by block, so that caches are used well.

The result is written in runs, each of many elements that are neighbours there but lie in as many
rows of the source. A block holds these rows: small enough to stay in the cache until all of their
elements went to their places, and large enough that runs fill whole lines.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from isograd.ir.mapping import Array

RUN = 64
"""Elements that become neighbours in a block, at least."""

BLOCK = 1 << 18
"""Bytes of a block: it and the lines of its destination fit into a core's cache."""

WORTH_THREADS = 1 << 22
"""Bytes from which on several threads copy blocks of one tensor; NumPy lets them run at once."""

LINE = 64
"""Bytes of a cache's line."""

CROWDED = 1024
"""Rows that begin at multiples of so many bytes share few sets of the first cache, and push each
other out of it before their lines are used up; those of a power of two are the worst."""

Cut = tuple[slice, ...]
"""What a block is of its tensor: a slice for each axis, with begin and end."""


class _Blocks(NamedTuple):
    """Sizes of a block, and the axis that its runs end in: all behind it are whole."""

    sizes: tuple[int, ...]
    axis: int


def turn(target: Array, fill: Callable[[Cut, Array], None], *, threaded: bool = True) -> None:
    """Fills a tensor from a source that has another order in memory.

    Args:
        target: the result, with its axes in the order in which they lie in the source.
        fill: puts the block that it is given the `Cut` of into the memory that it is given; several
            threads call it at once.
        threaded: whether all cores are used, if that is worth it.

    """
    if not target.size:
        return
    blocks = _blocks(target)
    cuts = list(product(*map(_slices, target.shape, blocks.sizes)))
    share = cores() if threaded and target.nbytes >= WORTH_THREADS else 1

    def copy(first: int) -> None:
        room = _room(blocks, target.dtype)
        for cut in cuts[first::share]:
            part = target[cut]
            block = room[tuple(map(slice, part.shape))]
            fill(cut, block)
            part[...] = block

    if share == 1:
        copy(0)
    else:
        list(_threads().map(copy, range(share)))


def cores() -> int:
    """Of those that the machine has, how many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@cache
def _threads() -> ThreadPoolExecutor:
    """A thread for each of `cores`, kept for the next tensor."""
    return ThreadPoolExecutor(cores(), thread_name_prefix="turning")


def _blocks(target: Array) -> _Blocks:
    """Whole along the axes that runs are made of, but for the last of these; along others before
    it, as much as there is room for."""
    axes, run = _axes_of_runs(target)
    axis = axes[-1]
    sizes = list(target.shape)
    slab = target.itemsize * prod(sizes[axis + 1 :]) * prod(sizes[a] for a in axes if a < axis)
    least = -(-RUN // run)
    sizes[axis] = min(sizes[axis], max(1, BLOCK // slab // least) * least)
    left = BLOCK // (slab * sizes[axis])
    for other in reversed([a for a in range(axis) if a not in axes]):
        sizes[other] = min(sizes[other], max(1, left))
        left //= sizes[other]
    return _Blocks(tuple(sizes), axis)


def _axes_of_runs(target: Array) -> tuple[list[int], int]:
    """The axes along which neighbours of the result lie, from the last, until they give a run;
    and the elements without the last of these axes."""
    axes: list[int] = []
    run = 1
    for axis in sorted(range(target.ndim), key=lambda axis: target.strides[axis]):
        axes.append(axis)
        if axis < target.ndim - 1 and run * target.shape[axis] >= RUN:
            break
        run *= target.shape[axis]
    else:
        run //= target.shape[axes[-1]]
    return axes, run


def _slices(size: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _room(blocks: _Blocks, dtype: np.dtype) -> Array:
    """Memory for a block; rows that would be crowded get an odd number of lines each."""
    sizes, axis = blocks
    row = prod(sizes[axis + 1 :])
    if not _is_crowded(row * dtype.itemsize):
        return np.empty(sizes, dtype)
    rows = np.empty((prod(sizes[: axis + 1]), row + LINE // dtype.itemsize), dtype)
    return rows[:, :row].reshape(sizes)


def _is_crowded(row: int) -> bool:
    """Whether rows of so many bytes, one after the other, are in each other's way in a cache."""
    return row % CROWDED == 0
