"""From the axes of one side's value to those of the other side's for it."""

from __future__ import annotations

from isograd.ir.axes import rearrangement, shape_of
from isograd.ir.forms import View, turn
from isograd.ir.mapping import Permute, Reshaped, Transform
from isograd.ir.ops import Reshape, Transpose
from isograd.ir.ops.base import Shape


def move(ours: View, theirs: View) -> Transform:
    """From the axes of a value to those of the twin's for it; an open size is whatever is left.
    Nothing where the two are of different sizes."""
    axes = turn(ours, theirs)
    if axes:
        return Transform((Permute(axes),) if axes != tuple(sorted(axes)) else ())
    steps: list[Permute | Reshaped] = []
    shape = shape_of(ours.axes)
    try:
        moves = rearrangement(ours.axes, theirs.axes)
    except ValueError:
        return Transform()
    for op in moves:
        if isinstance(op, Transpose):
            steps.append(Permute(op.axes))
            shape = tuple(shape[axis] for axis in op.axes)
        elif isinstance(op, Reshape):
            steps.append(Reshaped(_known(shape), _known(op.shape)))
            shape = op.shape
    return Transform(tuple(steps))


def _known(shape: Shape) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else -1 for size in shape)
