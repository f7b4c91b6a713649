"""Tensors from their file into memory that is used again, transposed block by block on the way.

A block is still in the cache when its elements go to their places, so that the file's order costs
no memory traffic, and no pages are asked for that the last tensor did not have already.
"""

from __future__ import annotations

from math import prod

import numpy as np

from isograd.checkpoints.checkpoint import CARRIERS, Place, TensorInfo
from isograd.checkpoints.turning import Cut, turn
from isograd.errors import UsageError
from isograd.ir.mapping import Array, Permute, Transform


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
            _read_turned(place, target)
    except OSError as error:
        raise UsageError(f"Cannot read: {error}.", where=str(place.path)) from None


def _read_turned(place: Place, target: Array) -> None:
    shape = target.shape
    strides = [prod(shape[axis + 1 :]) * target.itemsize for axis in range(target.ndim)]

    def fill(cut: Cut, block: Array) -> None:
        begin = sum(part.start * stride for part, stride in zip(cut, strides, strict=True))
        divided = [axis for axis in range(block.ndim) if block.shape[axis] < shape[axis]]
        outer = max(divided, default=0)  # what lies behind is one piece of the file
        for index in np.ndindex(block.shape[:outer]):
            offset = begin + sum(np.multiply(index, strides[:outer]))
            _read_piece(place, int(offset), block[index])

    turn(target, fill)


def _read_piece(place: Place, offset: int, block: Array) -> None:
    if block.flags.c_contiguous:
        _read(place, offset, block)
    else:
        values = np.empty(block.shape, block.dtype)
        _read(place, offset, values)
        block[...] = values


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
