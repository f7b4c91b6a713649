"""Tensors from their file into memory that is used again, transposed strip by strip on the way.

A strip is still in the cache when its elements go to their places, so that the file's order costs
no memory traffic, and no pages are asked for that the last tensor did not have already.
"""

from __future__ import annotations

import numpy as np

from isograd.checkpoints.checkpoint import CARRIERS, Place, TensorInfo
from isograd.checkpoints.transformation import WORTH_THREADS, cores, threads
from isograd.errors import UsageError
from isograd.ir.mapping import Array, Permute, Transform

STRIP = 1 << 20
"""Bytes that are read at once: a strip and the lines of its destination fit into a core's cache."""

RUN = 64
"""Rows that a strip has at least, since as many elements become neighbours."""


class DoubleBuffer:
    """Memory for tensors of which two are needed at a time: one being made, one being written.

    Args:
        nbytes: size of the largest.

    """

    def __init__(self, nbytes: int) -> None:
        self._buffers = [np.empty(nbytes, np.uint8) for _ in range(2)]

    def take(self, info: TensorInfo) -> Array:
        """Room for a tensor; the tensor before the last has lost its own."""
        self._buffers.reverse()
        return self._buffers[0][: info.nbytes].view(CARRIERS[info.dtype]).reshape(info.shape)


def is_transposition(transform: Transform) -> bool:
    """Whether `read_transposed` can do it."""
    return all(isinstance(step, Permute) for step in transform.steps)


def read_transposed(place: Place, transform: Transform, out: Array) -> None:
    """Fills ``out`` with what ``transform`` makes of the tensor at ``place``, bit for bit. Raises
    `UsageError` when the file cannot be read."""
    target = out
    for step in transform.inverse.steps:
        target = step(target)
    try:
        if target.flags.c_contiguous:
            _read(place, 0, target)
        else:
            _read_strips(place, target)
    except OSError as error:
        raise UsageError(f"Cannot read: {error}.", where=str(place.path)) from None


def _read_strips(place: Place, target: Array) -> None:
    row = target[0].nbytes
    height = max(RUN, STRIP // row)
    starts = range(0, len(target), height)
    share = cores() if target.nbytes >= WORTH_THREADS else 1

    def copy(first: int) -> None:
        strip = np.empty((min(height, len(target)), *target.shape[1:]), target.dtype)
        for start in starts[first::share]:
            rows = strip[: len(target) - start]
            _read(place, start * row, rows)
            target[start : start + height] = rows

    if share == 1:
        copy(0)
    else:
        list(threads().map(copy, range(share)))


def _read(place: Place, offset: int, out: Array) -> None:
    """From ``offset`` on until ``out`` is full; one call reads at most 2 GiB on Linux."""
    left = out.reshape(-1).view(np.uint8).data
    with place.path.open("rb", buffering=0) as file:
        file.seek(place.offset + offset)
        while left:
            count = file.readinto(left)
            if not count:
                raise OSError("the file ends before its last tensor")
            left = left[count:]
