"""Reductions and running sums in Keras."""

from __future__ import annotations

from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.notation import Expression, physical_axes
from isograd.ir import ops
from isograd.ir.ops import Op

_OfAxes = ops.Mean | ops.Sum | ops.Prod | ops.Max | ops.Min | ops.LogSumExp | ops.All | ops.Any


def reduction(function: str) -> Expression:
    """A reduction over the op's axes."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, _OfAxes)
        axes = physical_axes(site, op.axes)
        return call(function, site.x, axis=axes, **_kept(op.keepdims))

    return write


def variance(site: Site) -> Source:
    """Keras' own is the biased one."""
    op = site.node.op
    assert isinstance(op, ops.Variance)
    function = "unbiased_variance" if op.correction else "ops.var"
    return call(function, site.x, axis=physical_axes(site, op.axes), **_kept(op.keepdims))


def index(function: str) -> Expression:
    """The place of an extreme value along an axis; Keras counts in 32 bits."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.ArgMax | ops.ArgMin)
        place = call(function, site.x, axis=site.axis(op.axis), **_kept(op.keepdims))
        return call("ops.cast", place, '"int64"')

    return write


def running_sum(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.CumSum)
    return call("ops.cumsum", site.x, axis=site.axis(op.axis))


def _kept(keepdims: bool) -> dict[str, object]:
    return {"keepdims": True} if keepdims else {}


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Mean: reduction("ops.mean"),
    ops.Sum: reduction("ops.sum"),
    ops.Max: reduction("ops.max"),
    ops.Min: reduction("ops.min"),
    ops.LogSumExp: reduction("ops.logsumexp"),
    ops.All: reduction("ops.all"),
    ops.Any: reduction("ops.any"),
    ops.Prod: reduction("ops.prod"),
    ops.Variance: variance,
    ops.ArgMax: index("argmax"),
    ops.ArgMin: index("argmin"),
    ops.CumSum: running_sum,
}
"""Op to its expression."""

UNBIASED_VARIANCE = '''\
def unbiased_variance(x, axis, keepdims=False):
    """The sum of squared distances from the mean, divided by one less than their number.

    ops.var divides by their number.
    """
    distances = ops.square(x - ops.mean(x, axis=axis, keepdims=True))
    count = ops.sum(ops.ones_like(x), axis=axis, keepdims=keepdims)
    return ops.sum(distances, axis=axis, keepdims=keepdims) / (count - 1)
'''

ARGMAX = '''\
def argmax(x, axis, keepdims=False):
    """The place of the first of the largest values.

    ops.argmax holds -0.0 for smaller than 0.0; here they are equal.
    """
    x = ops.where(ops.equal(x, 0), ops.zeros_like(x), x)
    return ops.argmax(x, axis=axis, keepdims=keepdims)
'''

ARGMIN = '''\
def argmin(x, axis, keepdims=False):
    """The place of the first of the smallest values.

    ops.argmin holds -0.0 for smaller than 0.0; here they are equal.
    """
    x = ops.where(ops.equal(x, 0), ops.zeros_like(x), x)
    return ops.argmin(x, axis=axis, keepdims=keepdims)
'''

EXACT: dict[str, str] = {
    "unbiased_variance": UNBIASED_VARIANCE,
    "argmax": ARGMAX,
    "argmin": ARGMIN,
}
"""Name to source of the exact forms that these expressions call."""
