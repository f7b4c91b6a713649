"""Reductions and running sums in PyTorch."""

from __future__ import annotations

from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.notation import Expression, physical_axes
from isograd.ir import ops
from isograd.ir.ops import Op

_OfAxes = ops.Mean | ops.Sum | ops.Max | ops.Min | ops.LogSumExp | ops.All | ops.Any


def reduction(method: str) -> Expression:
    """A reduction over the op's axes."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, _OfAxes)
        return call(f"{site.x}.{method}", physical_axes(site, op.axes), **_kept(op.keepdims))

    return write


def variance(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Variance)
    options = {"correction": op.correction, **_kept(op.keepdims)}
    return call(f"{site.x}.var", physical_axes(site, op.axes), **options)


def product(site: Site) -> Source:
    """Over one axis after the other, the last one first, as PyTorch takes one at a time."""
    op = site.node.op
    assert isinstance(op, ops.Prod)
    source: Source = site.x
    for place in sorted(map(site.position, op.axes), reverse=True):
        source = call(f"{source}.prod", place, **_kept(op.keepdims))
    return source


def index(method: str) -> Expression:
    """The place of an extreme value along an axis."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.ArgMax | ops.ArgMin)
        return call(f"{site.x}.{method}", site.axis(op.axis), **_kept(op.keepdims))

    return write


def running_sum(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.CumSum)
    return call(f"{site.x}.cumsum", site.axis(op.axis))


def _kept(keepdims: bool) -> dict[str, object]:
    return {"keepdim": True} if keepdims else {}


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Mean: reduction("mean"),
    ops.Sum: reduction("sum"),
    ops.Max: reduction("amax"),
    ops.Min: reduction("amin"),
    ops.LogSumExp: reduction("logsumexp"),
    ops.All: reduction("all"),
    ops.Any: reduction("any"),
    ops.Prod: product,
    ops.Variance: variance,
    ops.ArgMax: index("argmax"),
    ops.ArgMin: index("argmin"),
    ops.CumSum: running_sum,
}
"""Op to its expression."""
