"""Subscripts such as ``x[:, 1:3]``, which all frameworks write alike."""

from __future__ import annotations

from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Source
from isograd.ir import ops
from isograd.ir.ops.base import normalize_axis


def slice_of(site: Site) -> Source:
    """``x[:, start:stop:step]``."""
    op = site.node.op
    assert isinstance(op, ops.Slice)
    start = "" if op.start == 0 else site.size(op.start)
    stop = "" if op.stop is None else site.size(op.stop)
    step = "" if op.step == 1 else f":{op.step}"
    return subscript(site, op.axis, f"{start}:{stop}{step}")


def select(site: Site) -> Source:
    """``x[:, index]``."""
    op = site.node.op
    assert isinstance(op, ops.Select)
    return subscript(site, op.axis, str(op.index))


def expand_dims(site: Site) -> Source:
    """``x[:, None]``, with the new axis where the result has it."""
    op = site.node.op
    assert isinstance(op, ops.ExpandDims)
    place = site.result.position(normalize_axis(op.axis, site.node.type.rank))
    return f"{site.x}[{', '.join([':'] * place + ['None'])}]"


def subscript(site: Site, axis: int, index: str) -> str:
    """The first argument with one index, at a logical axis."""
    return f"{site.x}[{', '.join([':'] * site.position(axis) + [index])}]"


def physical(site: Site, entries: tuple[object, ...]) -> tuple[object, ...]:
    """One entry for each axis, in the order in which the first argument is held."""
    return tuple(entries[axis] for axis in site.placements[0].order)
