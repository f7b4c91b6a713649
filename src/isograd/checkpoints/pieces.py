"""Tensors of a file in pieces, each made by itself and transposed on the way.

The file is mapped, so that a piece takes what it needs of every row, straight from the system's
cache; it is still in the processor's own cache when it is written. No more than a tensor or two are
mapped at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from isograd.checkpoints.checkpoint import CARRIERS, Place, TensorInfo
from isograd.checkpoints.transformation import contiguous
from isograd.checkpoints.turning import RUN
from isograd.errors import UsageError
from isograd.ir.mapping import Array, Permute, Transform

PIECE = 1 << 23
"""Bytes of a piece: of the rows that it takes a part of, several lines each."""


class Piece(NamedTuple):
    """Some of a tensor's values, neighbours in C order: how many bytes, and what makes them. It is
    given as many bytes of memory that were used before, so that the system is not asked for new
    pages; it may use them."""

    nbytes: int
    make: Callable[[Array], Array]


def is_transposition(transform: Transform) -> bool:
    """Whether `pieces_of` can do it."""
    return all(isinstance(step, Permute) for step in transform.steps)


def pieces_of(place: Place, info: TensorInfo, transform: Transform) -> list[Piece]:
    """What ``transform`` makes of the tensor at ``place``, bit for bit, piece after piece. Several
    threads may make them. Raises `UsageError` when the file cannot be read."""
    view = transform.view(_mapped(place, info))
    if not view.size or not view.ndim:
        return [Piece(view.nbytes, lambda _: view.copy())]
    rows = max(1, PIECE // view[:1].nbytes)
    if rows > RUN:
        rows -= rows % RUN
    parts = (view[start : start + rows] for start in range(0, len(view), rows))
    return [Piece(part.nbytes, partial(contiguous, part, threaded=False)) for part in parts]


def _mapped(place: Place, info: TensorInfo) -> Array:
    dtype = CARRIERS[info.dtype]
    if not info.nbytes:
        return np.empty(info.shape, dtype)
    try:
        return np.asarray(np.memmap(place.path, dtype, "r", place.offset, info.shape))
    except OSError as error:
        raise UsageError(f"Cannot read: {error}.", where=str(place.path)) from None
    except ValueError:
        raise UsageError(
            "Cannot read: the file ends before its last tensor.", where=str(place.path)
        ) from None
