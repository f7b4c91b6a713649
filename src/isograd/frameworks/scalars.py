"""Arithmetic with a number, which is the same Python expression in every framework."""

from __future__ import annotations

from isograd.frameworks.dialect import Site
from isograd.ir import ops


def plus(site: Site) -> str:
    """``x + 0.5``, or ``x - 0.5`` for a negative number."""
    op = site.node.op
    assert isinstance(op, ops.AddScalar)
    return f"{site.x} - {-op.value!r}" if op.value < 0 else f"{site.x} + {op.value!r}"


def times(site: Site) -> str:
    """``x * 0.5``."""
    op = site.node.op
    assert isinstance(op, ops.MultiplyScalar)
    return f"{site.x} * {op.value!r}"


def power(site: Site) -> str:
    """``x**3``."""
    op = site.node.op
    assert isinstance(op, ops.PowerScalar)
    return f"{site.x}**{op.exponent!r}"
