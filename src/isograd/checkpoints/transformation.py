"""Transforms of a mapping on tensors of any size: the shape beforehand, and a quick copy."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import prod

import numpy as np

from isograd.ir.mapping import Array, Blocks, Permute, Reorder, Reshaped, Step, Transform

RUN = 64
"""Elements of the result that one pass of a strip writes next to each other. Each of them is read
from another row; these many rows stay in the cache until the next elements of theirs are wanted."""


WORTH_THREADS = 1 << 22
"""Bytes from which on several threads copy strips of one array; NumPy lets them run at once."""


def transformed_shape(transform: Transform, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that ``transform`` makes of ``shape``. Raises `ValueError` when it does not fit."""
    for step in transform.steps:
        shape = _step_shape(step, shape)
    return shape


def transformed(transform: Transform, array: Array) -> Array:
    """What ``transform(array)`` is, made with few cache misses; C order, bit for bit."""
    for step in transform.steps:
        array = step(array)
    return contiguous(array)


def contiguous(view: Array) -> Array:
    """``np.ascontiguousarray(view)``, several times as fast for a large transposed one.

    NumPy copies in the order of the result, so that a transposed source is fetched line by line for
    one element each. In strips of `RUN` elements, the lines are used up before they are evicted.
    """
    if view.flags.c_contiguous:
        return view
    if view.strides[-1] == view.itemsize:
        return view.copy(order="C")
    result = np.empty(view.shape, view.dtype)
    axis, step = _strip(view.shape)
    starts = range(0, view.shape[axis], step)

    def copy(first: int) -> None:
        strip = [slice(None)] * view.ndim
        for start in starts[first::share]:
            strip[axis] = slice(start, start + step)
            result[tuple(strip)] = view[tuple(strip)]

    share = cores() if view.nbytes >= WORTH_THREADS else 1
    if share == 1:
        copy(0)
    else:
        list(threads().map(copy, range(share)))
    return result


def cores() -> int:
    """Of those that the machine has, how many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@cache
def threads() -> ThreadPoolExecutor:
    """A thread for each of `cores`, kept for the next tensor."""
    return ThreadPoolExecutor(cores(), thread_name_prefix="transposition")


def _strip(shape: tuple[int, ...]) -> tuple[int, int]:
    """Along which axis to cut, and how wide, for runs of about `RUN` elements."""
    axis = next((k for k in reversed(range(len(shape))) if prod(shape[k:]) >= RUN), 0)
    return axis, max(1, RUN // prod(shape[axis + 1 :]))


def _step_shape(step: Step, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(step, Permute):
        if len(step.axes) != len(shape):
            raise ValueError(f"shape {shape} should have {len(step.axes)} axes")
        return tuple(shape[axis] for axis in step.axes)
    if isinstance(step, Reshaped):
        if step.before != shape:
            raise ValueError(f"shape {shape} should be {step.before}")
        return step.after
    if step.axis >= len(shape):
        raise ValueError(f"shape {shape} should have an axis {step.axis}")
    size = shape[step.axis]
    if isinstance(step, Reorder) and prod(step.sizes) != size:
        raise ValueError(f"axis {step.axis} of shape {shape} should have size {prod(step.sizes)}")
    if isinstance(step, Blocks) and size % len(step.order):
        raise ValueError(f"axis {step.axis} of shape {shape} should be {len(step.order)} blocks")
    return shape
