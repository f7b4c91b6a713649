"""Axes as tuples of atoms: how a value that was reshaped and transposed is still seen as the value
that it was made from.

An atom is a part of one axis of that value, its *root*: of the element's index ``i`` along it,
``(i // stride) % size``. An axis is a tuple of atoms, the slowest first. To split an axis refines
its atoms; to merge axes puts their atoms side by side, and two that follow each other in one axis
of the root are one again. Axes of size 1 have no atoms. Sizes may be symbolic; where it cannot be
decided whether they divide, there is no such view.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from isograd.ir.ops.base import Op, Shape
from isograd.ir.ops.shape import Reshape, Transpose
from isograd.ir.sizes import Dim, divide, evaluate, multiply, renamed, symbols

LARGE = 1_000_003
"""What stands for a symbol where sizes are put in order."""


@dataclass(frozen=True)
class Atom:
    """``(i // stride) % size`` of the index along an ``axis`` of the root."""

    axis: int
    stride: Dim
    size: Dim

    def split(self, high: Dim, low: Dim) -> tuple[Atom, Atom]:
        """As two, ``size`` being ``high * low``."""
        return (
            Atom(self.axis, multiply(self.stride, low), high),
            Atom(self.axis, self.stride, low),
        )

    def follows(self, other: Atom) -> bool:
        """Whether ``other`` and this one, side by side, are one atom."""
        return self.axis == other.axis and other.stride == multiply(self.stride, self.size)

    @property
    def place(self) -> tuple[int, int]:
        """Sorts the atoms of one root as they lie there."""
        return self.axis, -magnitude(self.stride)


Axis = tuple[Atom, ...]
Axes = tuple[Axis, ...]


def plain(shape: Shape) -> Axes:
    """The axes of a root as they are."""
    return tuple(() if size == 1 else (Atom(i, 1, size),) for i, size in enumerate(shape))


def shape_of(axes: Axes) -> Shape:
    """Their sizes."""
    return tuple(size_of(axis) for axis in axes)


def size_of(axis: Axis) -> Dim:
    """The product of its atoms' sizes."""
    return multiply(*(atom.size for atom in axis))


def merged(atoms: Iterable[Atom]) -> Axis:
    """The same axis in as few atoms as it has."""
    result: list[Atom] = []
    for atom in atoms:
        if result and atom.follows(result[-1]):
            size = multiply(result[-1].size, atom.size)
            result[-1] = Atom(atom.axis, atom.stride, size)
        else:
            result.append(atom)
    return tuple(result)


@cache
def magnitude(size: Dim) -> int:
    """A number to compare sizes by, symbols being large."""
    return evaluate(size, dict.fromkeys(symbols(size), LARGE))


# Reshapes -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Segment:
    """A stretch of atoms that a reshape makes a stretch of axes of; ``axes`` is None where they do
    not divide each other."""

    atoms: Axis
    shape: Shape
    axes: Axes | None


def reshaped(axes: Axes, shape: Shape) -> list[Segment]:
    """The shortest stretches that axes, flattened, and a new shape have in common."""
    atoms = deque(merged(atom for axis in axes for atom in axis))
    sizes = deque(shape)
    segments: list[Segment] = []
    while atoms or sizes:
        taken: list[Atom] = []
        wanted: list[Dim] = []
        while True:
            have, want = size_of(tuple(taken)), multiply(*wanted)
            if have == want and (taken or wanted):
                break
            if sizes and (not atoms or magnitude(want) <= magnitude(have)):
                wanted.append(sizes.popleft())
            elif atoms:
                atom = atoms.popleft()
                rest = divide(want, have)
                low = divide(atom.size, rest) if rest is not None else None
                if rest is not None and low not in (None, 1):
                    assert low is not None
                    atom, left = atom.split(rest, low)
                    atoms.appendleft(left)
                taken.append(atom)
            else:
                raise ValueError(f"{shape_of(axes)} cannot be reshaped to {shape}")
        segments.append(Segment(tuple(taken), tuple(wanted), folded(taken, wanted)))
    return segments


def folded(atoms: Iterable[Atom], shape: Iterable[Dim]) -> Axes | None:
    """One axis as several of the sizes ``shape``; None where these do not divide its atoms."""
    queue = deque(atoms)
    axes: list[Axis] = []
    for size in shape:
        axis: list[Atom] = []
        while size != 1:
            atom = queue.popleft()
            rest = divide(size, atom.size)
            if rest is None:
                low = divide(atom.size, size)
                if low is None:
                    return None
                atom, left = atom.split(size, low)
                queue.appendleft(left)
                rest = 1
            axis.append(atom)
            size = rest
        axes.append(merged(axis))
    return tuple(axes)


# Several views side by side -----------------------------------------------------------------------


def common(sides: Sequence[Axis]) -> list[tuple[Axis, ...]] | None:
    """Axes of one size, or of size 1, cut at the same places: for each cut one atom of each side,
    or none of a side of size 1. None where the cuts of one do not fit the others'."""
    queues = [deque(axis) for axis in sides]
    cuts: list[tuple[Axis, ...]] = []
    while any(queues):
        size = min((queue[0].size for queue in queues if queue), key=magnitude)
        cut: list[Axis] = []
        for axis, queue in zip(sides, queues, strict=True):
            if not axis:
                cut.append(())
                continue
            low = divide(queue[0].size, size) if queue else None
            if low is None:
                return None
            atom = queue.popleft()
            if low != 1:
                atom, left = atom.split(size, low)
                queue.appendleft(left)
            cut.append((atom,))
        cuts.append(tuple(cut))
    return cuts


def rearrangement(before: Axes, after: Axes) -> tuple[Op, ...]:
    """The ops that turn a value seen as the axes ``before`` of its root into one seen as ``after``:
    at most a reshape, a transpose and another reshape. Raises `ValueError` where the axes do not
    hold the same atoms."""
    cuts = {(atom.axis, atom.stride) for axis in (*before, *after) for atom in axis}
    ours, theirs = (_cut(axes, cuts) for axes in (before, after))
    if sorted(ours, key=_name) != sorted(theirs, key=_name):
        raise ValueError(f"axes {text(before)} and {text(after)} are not of one value")
    order = tuple(ours.index(atom) for atom in theirs)
    steps: list[Op] = []
    shape = shape_of(before)
    if order != tuple(range(len(order))):
        parts = tuple(atom.size for atom in ours)
        steps = [Reshape(parts)] if parts != shape else []
        steps.append(Transpose(order))
        shape = tuple(parts[i] for i in order)
    return (*steps, Reshape(shape_of(after))) if shape != shape_of(after) else tuple(steps)


def _name(atom: Atom) -> tuple[int, str, str]:
    return atom.axis, str(atom.stride), str(atom.size)


def _cut(axes: Axes, cuts: set[tuple[int, Dim]]) -> list[Atom]:
    """Their atoms, each cut at all places that lie in it."""
    result: list[Atom] = []
    for atom in (atom for axis in axes for atom in axis):
        inner = sorted((s for axis, s in cuts if axis == atom.axis), key=magnitude, reverse=True)
        for stride in inner:
            low = divide(stride, atom.stride)
            high = divide(atom.size, low) if low not in (None, 1) and low is not None else None
            if high is not None and high != 1 and low is not None:
                first, atom = atom.split(high, low)
                result.append(first)
        result.append(atom)
    return result


# As text ------------------------------------------------------------------------------------------


def text(axes: Axes, shape: Shape = (), names: Mapping[str, str] | None = None) -> str:
    """Such as ``(0, 2, (1, 3//8), 3%8)``: of the root's axis 3, the slow part goes with axis 1.
    ``shape`` is the root's; ``names`` may give symbols other names."""
    parts = (_axis_text(axis, shape, names or {}) for axis in axes)
    return f"({', '.join(parts)})"


def _axis_text(axis: Axis, shape: Shape, names: Mapping[str, str]) -> str:
    atoms = [_atom_text(atom, shape, names) for atom in axis]
    return atoms[0] if len(atoms) == 1 else f"({', '.join(atoms)})" if atoms else "_"


def _atom_text(atom: Atom, shape: Shape, names: Mapping[str, str]) -> str:
    total = shape[atom.axis] if shape else None
    slow = "" if atom.stride == 1 else f"//{renamed(atom.stride, names)}"
    whole = total == multiply(atom.stride, atom.size)
    return f"{atom.axis}{slow}" if whole else f"{atom.axis}{slow}%{renamed(atom.size, names)}"
