"""Transforms of a mapping on tensors of any size: the shape beforehand, and a quick copy."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from isograd.checkpoints.turning import turn
from isograd.ir.mapping import (
    AnyLink,
    Array,
    Blocks,
    Link,
    Permute,
    Reorder,
    Reshaped,
    Split,
    Step,
    Transform,
)


def transformed_shape(transform: Transform, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that ``transform`` makes of ``shape``. Raises `ValueError` when it does not fit."""
    for step in transform.steps:
        shape = _step_shape(step, shape)
    return shape


def made_shapes(link: AnyLink, shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The shapes that ``link`` makes of these. Raises `ValueError` when they do not fit."""
    if isinstance(link, Link):
        return [transformed_shape(link.transform, shape) for shape in shapes]
    if isinstance(link, Split):
        first, *others = transformed_shape(link.transform, shapes[0]) or (0,)
        if not first or first % len(link.pieces):
            raise ValueError(f"shape {shapes[0]} cannot be cut into {len(link.pieces)} pieces")
        piece = (first // len(link.pieces), *others)
        return [transformed_shape(transform, piece) for transform in link.pieces]
    pairs = zip(link.split.pieces, shapes, strict=True)
    pieces = {transformed_shape(piece.inverse, shape) for piece, shape in pairs}
    if len(pieces) > 1 or pieces == {()}:
        raise ValueError(f"shapes {[*shapes]} are no equal pieces of one tensor")
    ((first, *others),) = pieces
    whole = (first * len(shapes), *others)
    return [transformed_shape(link.split.transform.inverse, whole)]


def transformed(transform: Transform, array: Array) -> Array:
    """What ``transform(array)`` is, made with few cache misses; C order, bit for bit."""
    for step in transform.steps:
        array = step(array)
    return contiguous(array)


def contiguous(view: Array, room: Array | None = None, *, threaded: bool = True) -> Array:
    """``np.ascontiguousarray(view)``, several times as fast for a large transposed one: NumPy
    copies in the order of the result, and fetches a line of the source for one element each.
    ``room`` are as many bytes that the copy may be made in. ``threaded``: on all cores."""
    if view.flags.c_contiguous:
        return view
    room = np.empty(view.nbytes, np.uint8) if room is None else room
    result = room.view(view.dtype).reshape(view.shape)
    if view.strides[-1] == view.itemsize:
        np.copyto(result, view)
        return result
    as_it_lies = sorted(range(view.ndim), key=lambda axis: -abs(view.strides[axis]))
    source = view.transpose(as_it_lies)
    target = result.transpose(as_it_lies)
    turn(target, lambda cut, block: np.copyto(block, source[cut]), threaded=threaded)
    return result


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
