"""Channels through reshapes: axes that are merged, and one that is split into several."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from isograd.compress.flow import Axes, Site, whole
from isograd.compress.units import Labels, is_whole, nothing
from isograd.ir.ops.base import Dim
from isograd.ir.sizes import multiply


def reshape(site: Site) -> Axes:
    """Stretches of axes that have as many elements before as after are seen one by one."""
    found: list[Labels | None] = []
    for before, after in stretches(site.types[0].shape, site.shape):
        axes = site.inputs[0][before]
        sizes = site.shape[after]
        known = [size for size in sizes if isinstance(size, int)]
        if len(axes) == 1 == len(sizes):
            found += axes
        elif all(map(is_whole, axes)) or not sizes or len(known) < len(sizes):
            site.fix(axes)
            found += whole(sizes)
        else:
            found += _split(site, _merged(site, axes), known)
    return tuple(found)


def stretches(before: Sequence[Dim], after: Sequence[Dim]) -> list[tuple[slice, slice]]:
    """The shortest stretches of axes that have the same number of elements on both sides; axes of
    size 1 are stretches of nothing on the other side."""
    found: list[tuple[slice, slice]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        first = i, j
        i, j = _stretch(before, after, i, j)
        found.append((slice(first[0], i), slice(first[1], j)))
    return found


def _stretch(before: Sequence[Dim], after: Sequence[Dim], i: int, j: int) -> tuple[int, int]:
    """Where the stretch ends that begins at these axes."""
    if i < len(before) and j < len(after) and before[i] == after[j]:
        return i + 1, j + 1
    if i < len(before) and before[i] == 1:
        return i + 1, j
    if j < len(after) and after[j] == 1:
        return i, j + 1
    for reach in range(2, len(before) - i + len(after) - j + 1):
        for many in range(1, reach):
            ends = i + many, j + reach - many
            fits = ends[0] <= len(before) and ends[1] <= len(after)
            if fits and multiply(*before[i : ends[0]]) == multiply(*after[j : ends[1]]):
                return ends
    return len(before), len(after)


def _merged(site: Site, axes: Axes) -> Labels:
    """Several axes as one, the last one fastest. Only one of them may have parts to lose."""
    known = [labels for labels in axes if labels is not None]
    losing = [number for number, labels in enumerate(known) if labels.any()]
    if len(losing) > 1:
        site.fix(known)
    sizes = [len(labels) for labels in known]
    shape = [-1 if number == losing[0] else 1 for number in range(len(known))]
    return np.broadcast_to(known[losing[0]].reshape(shape), sizes).ravel()


def _split(site: Site, labels: Labels, sizes: Sequence[int]) -> list[Labels | None]:
    """One axis as several. Parts can be lost along one of them only: the one along which alone the
    labels change, else the first (such as heads before a head's features), of which each index
    then goes as a whole."""
    block = labels.reshape(sizes)
    axis = _only_axis(block)
    found: list[Labels | None] = [nothing(size) for size in sizes]
    rows = np.moveaxis(block, axis, 0).reshape(sizes[axis], -1)
    for other in rows.T[1:]:
        site.unite(np.ascontiguousarray(rows[:, 0]), other)
    found[axis] = rows[:, 0].copy()
    return found


def _only_axis(block: Labels) -> int:
    wide = [axis for axis, size in enumerate(block.shape) if size > 1]
    for axis in wide:
        first = np.moveaxis(block, axis, 0).reshape(block.shape[axis], -1)
        if prod(block.shape) > block.shape[axis] and (first == first[:, :1]).all():
            return axis
    return wide[0] if wide else 0
