"""Ops that pick, repeat or move elements along axes, chosen by numbers that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isograd.ir.ops.base import (
    Dim,
    Op,
    Shape,
    ShapeError,
    TensorType,
    broadcast_shapes,
    floating,
    normalize_axis,
)
from isograd.ir.ops.checks import check_sizes, check_whole, is_number, is_whole, refuse
from isograd.ir.sizes import add, is_canonical, multiply, subtract


@dataclass(frozen=True)
class Slice(Op):
    """``x[start:stop:step]`` along one axis, as Python counts: negative numbers from the end, a
    ``stop`` of None for the end. Sizes may be symbolic; a step other than 1 needs known ones.
    """

    axis: int
    start: Dim = 0
    stop: Dim | None = None
    step: int = 1

    def __post_init__(self) -> None:
        check_whole(self, "axis")
        check_whole(self, "step", minimum=1)
        for name in ("start", "stop"):
            value = getattr(self, name)
            if not (is_whole(value) or _is_symbolic(value) or (name == "stop" and value is None)):
                refuse(self, name, "a whole number or a symbolic size")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        axis = normalize_axis(self.axis, x.rank)
        length = self._length(x.shape[axis])
        return x.with_shape((*x.shape[:axis], length, *x.shape[axis + 1 :]))

    def _length(self, size: Dim) -> Dim:
        if isinstance(size, int) and is_whole(self.start) and not isinstance(self.stop, str):
            count = len(range(*slice(self.start, self.stop, self.step).indices(size)))
            if count < 1:
                raise ShapeError(f"Slice {self.start}:{self.stop}:{self.step} of {size} is empty")
            return count
        if self.step != 1:
            raise ShapeError(f"Slice of the symbolic size {size!r} takes step 1 only")
        start = self.start if not _is_negative(self.start) else add(size, self.start)
        stop = size if self.stop is None else self.stop
        return subtract(add(size, stop) if _is_negative(stop) else stop, start)


@dataclass(frozen=True)
class Select(Op):
    """Element ``index`` along ``axis``, which goes away; negative numbers count from the end."""

    axis: int
    index: int

    def __post_init__(self) -> None:
        check_whole(self, "axis", "index")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        axis = normalize_axis(self.axis, x.rank)
        size = x.shape[axis]
        if isinstance(size, int) and not -size <= self.index < size:
            raise ShapeError(f"Select: there is no element {self.index} among {size}")
        return x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :]))


@dataclass(frozen=True)
class ExpandDims(Op):
    """A new axis of size 1 at position ``axis`` of the result."""

    axis: int

    def __post_init__(self) -> None:
        check_whole(self, "axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        axis = normalize_axis(self.axis, x.rank + 1)
        return x.with_shape((*x.shape[:axis], 1, *x.shape[axis:]))


@dataclass(frozen=True)
class Squeeze(Op):
    """Takes away ``axes``, whose sizes are 1."""

    axes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_sizes(self, "axes", minimum=None)

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        axes = {normalize_axis(axis, x.rank) for axis in self.axes}
        if any(x.shape[axis] != 1 for axis in axes):
            raise ShapeError(f"Squeeze: axes {self.axes} of {x.shape} are not all of size 1")
        return x.with_shape(tuple(size for i, size in enumerate(x.shape) if i not in axes))


@dataclass(frozen=True)
class BroadcastTo(Op):
    """The value repeated to ``shape``, by NumPy's rule."""

    shape: Shape

    def __post_init__(self) -> None:
        if not (isinstance(self.shape, tuple) and all(map(_is_size, self.shape))):
            refuse(self, "shape", "a tuple of sizes")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if broadcast_shapes(x.shape, self.shape) != self.shape:
            raise ShapeError(f"{x.shape} does not broadcast to {self.shape}")
        return x.with_shape(self.shape)


@dataclass(frozen=True)
class Tile(Op):
    """The whole value ``repeats[i]`` times along axis ``i``."""

    repeats: tuple[int, ...]

    def __post_init__(self) -> None:
        check_sizes(self, "repeats")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        _check_count(self, self.repeats, x)
        return x.with_shape(
            tuple(multiply(size, times) for size, times in zip(x.shape, self.repeats, strict=True))
        )


@dataclass(frozen=True)
class RepeatInterleave(Op):
    """Each element along ``axis`` ``repeats`` times, one after the other."""

    repeats: int
    axis: int

    def __post_init__(self) -> None:
        check_whole(self, "repeats", minimum=1)
        check_whole(self, "axis")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        axis = normalize_axis(self.axis, x.rank)
        size = multiply(x.shape[axis], self.repeats)
        return x.with_shape((*x.shape[:axis], size, *x.shape[axis + 1 :]))


@dataclass(frozen=True)
class Flip(Op):
    """The elements in reverse order along ``axes``."""

    axes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_sizes(self, "axes", minimum=None)

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if len({normalize_axis(axis, x.rank) for axis in self.axes}) < len(self.axes):
            raise ShapeError(f"Flip: axes {self.axes} of {x.shape} are not all different")
        return x


@dataclass(frozen=True)
class Roll(Op):
    """Elements moved by ``shifts[i]`` places along ``axes[i]``; what leaves at one end comes in at
    the other.
    """

    shifts: tuple[int, ...]
    axes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_sizes(self, "shifts", "axes", minimum=None)
        if len(self.shifts) != len(self.axes):
            refuse(self, "axes", f"as many as there are shifts, {len(self.shifts)}")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        for axis in self.axes:
            normalize_axis(axis, x.rank)
        return x


@dataclass(frozen=True)
class Pad(Op):
    """``padding[i]`` = (before, after) places around axis ``i``; negative numbers crop.

    Modes: ``constant`` fills with ``value`` (None: minus infinity), ``reflect`` mirrors without the
    edge, ``replicate`` repeats the edge, ``circular`` goes round. Only ``constant`` crops.
    """

    padding: tuple[tuple[int, int], ...]
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant"
    value: float | None = 0.0

    def __post_init__(self) -> None:
        least = None if self.mode == "constant" else 0
        pairs = self.padding if isinstance(self.padding, tuple) else ()
        if not pairs or not all(
            isinstance(pair, tuple) and len(pair) == 2 and all(is_whole(n, least) for n in pair)
            for pair in pairs
        ):
            refuse(self, "padding", "a pair of whole numbers for each axis")
        if self.mode not in ("constant", "reflect", "replicate", "circular"):
            refuse(self, "mode", "'constant', 'reflect', 'replicate' or 'circular'")
        if self.value is not None and not is_number(self.value):
            refuse(self, "value", "a finite number, or None for minus infinity")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        _check_count(self, self.padding, x)
        if self.value is None:
            floating(x, "Pad with minus infinity")
        elif x.dtype == "bool" and self.value not in (0, 1):
            raise ShapeError(f"Pad: truth values take 0 or 1, not {self.value!r}")
        elif x.dtype == "int" and self.value != int(self.value):
            raise ShapeError(f"Pad: integers take a whole number, not {self.value!r}")
        sizes = tuple(add(s, *pair) for s, pair in zip(x.shape, self.padding, strict=True))
        for size, have, pair in zip(sizes, x.shape, self.padding, strict=True):
            limit = have if isinstance(have, int) else None
            if isinstance(size, int) and size < 1:
                raise ShapeError(f"Pad by {pair} leaves nothing of {have}")
            if self.mode == "reflect" and limit is not None and max(pair) >= limit:
                raise ShapeError(f"Pad: {have} places cannot be reflected by {pair}")
            if self.mode == "circular" and limit is not None and max(pair) > limit:
                raise ShapeError(f"Pad: {have} places cannot go round by {pair}")
        return x.with_shape(sizes)


@dataclass(frozen=True)
class Triangle(Op):
    """The last two axes above (``upper``) or below the diagonal, with it; zeros elsewhere. A
    positive ``diagonal`` lies above the main one (as in ``torch.triu`` and ``torch.tril``).
    """

    upper: bool
    diagonal: int = 0

    def __post_init__(self) -> None:
        check_whole(self, "diagonal")
        if not isinstance(self.upper, bool):
            refuse(self, "upper", "True or False")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.rank < 2:
            raise ShapeError(f"Triangle needs two axes, got {x.shape}")
        return x


def _check_count(op: Op, items: tuple[object, ...], x: TensorType) -> None:
    if len(items) != x.rank:
        raise ShapeError(f"{type(op).__name__} has {len(items)} entries, the value {x.rank} axes")


def _is_symbolic(value: object) -> bool:
    return isinstance(value, str) and is_canonical(value)


def _is_size(value: object) -> bool:
    return is_whole(value, 1) or _is_symbolic(value)


def _is_negative(value: Dim) -> bool:
    return isinstance(value, int) and value < 0
