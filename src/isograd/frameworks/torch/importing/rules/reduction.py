"""Reductions."""

from __future__ import annotations

import math
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule, axes_of, axis_of
from isograd.frameworks.torch.importing.rules.comparison import truth
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import broadcast_shapes


def reduce(op: Any) -> Rule:
    """Over given axes, or over all."""

    def rule(call: Call, x: Value, axes: Any = None, keepdims: bool = False) -> Value:
        x = call.cast(x, call.type.dtype)
        reduced = axes_of(axes, x)
        return call(op(reduced, bool(keepdims)), x) if reduced else x

    return rule


def reduce_truth(op: Any) -> Rule:
    def rule(call: Call, x: Value, axes: Any = None, keepdims: bool = False) -> Value:
        return call(op(axes_of(axes, x), bool(keepdims)), truth(call, x))

    return rule


def extremum(index: Any) -> Rule:
    """The largest along one axis and where it is; the gradient goes to that one alone."""

    def rule(call: Call, x: Value, axis: int, keepdims: bool) -> tuple[Value, Value]:
        axis = axis_of(axis, x)
        where = call(index(axis, True), x)
        found = call(ops.TakeAlongAxis(axis), x, where)
        if keepdims:
            return found, where
        return call(ops.Squeeze((axis,)), found), call(ops.Squeeze((axis,)), where)

    return rule


def index_of(op: Any) -> Rule:
    def rule(call: Call, x: Value, axis: int | None, keepdims: bool) -> Value:
        if axis is None:
            x, axis = call(ops.Reshape((-1,)), x), 0
        return call(op(axis_of(axis, x), bool(keepdims)), x)

    return rule


def variance(call: Call, x: Value, *rest: Any) -> Value:
    """``(unbiased)``, ``(axes, unbiased, keepdims)`` or ``(axes)`` with a named correction."""
    axes, correction, keepdims = _deviation(call, rest)
    if correction not in (0, 1):
        raise call.unsupported(f"a variance with correction {correction}")
    return call(ops.Variance(axes_of(axes, x), int(correction), keepdims), x)


def _deviation(call: Call, rest: tuple[Any, ...]) -> tuple[Any, Any, bool]:
    if "correction" in call.options:
        given = call.options["correction"]
        return rest[0], 1 if given is None else given, bool(call.options.get("keepdim"))
    if len(rest) == 1:
        return None, int(rest[0]), False
    return rest[0], int(rest[1]), bool(rest[2])


def standard_deviation(call: Call, x: Value, *rest: Any) -> Value:
    return root(call, variance(call, x, *rest))


def root(call: Call, x: Value) -> Value:
    """The square root with gradient 0 at 0, as norms and standard deviations have it."""
    zero = call(ops.CompareScalar("==", 0.0), x)
    lifted = call(ops.Where(), zero, call.scalar(1.0, "float"), x)
    return call(ops.Where(), zero, call.scalar(0.0, "float"), call(ops.Sqrt(), lifted))


def variance_mean(call: Call, x: Value, *rest: Any) -> tuple[Value, Value]:
    axes, _, keepdims = _deviation(call, rest)
    return variance(call, x, *rest), call(ops.Mean(axes_of(axes, x), keepdims), x)


def norm(call: Call, x: Value, order: Any = 2, axes: Any = None, keepdims: bool = False) -> Value:
    """Of vectors: the 1, 2 or maximum norm."""
    reduced = axes_of(axes, x)
    order = 2 if order is None else order
    if order == 2:
        return root(call, call(ops.Sum(reduced, keepdims), call(ops.Square(), x)))
    if order == 1:
        return call(ops.Sum(reduced, keepdims), call(ops.Abs(), x))
    if order == math.inf:
        return call(ops.Max(reduced, keepdims), call(ops.Abs(), x))
    raise call.unsupported(f"the norm of order {order}")


def cosine_similarity(call: Call, a: Value, b: Value, axis: int, eps: float) -> Value:
    """``a b / (max(|a|, eps) max(|b|, eps))``."""
    a, b = (call.broadcast(x, broadcast_shapes(a.type.shape, b.type.shape)) for x in (a, b))
    axis = axis_of(axis, a)
    first, second = (
        call(ops.Divide(), x, call(ops.Clip(eps, None), norm(call, x, 2, axis, True)))
        for x in (a, b)
    )
    return call(ops.Sum((axis,)), call(ops.Multiply(), first, second))


def cumulative_sum(call: Call, x: Value, axis: int) -> Value:
    return call(ops.CumSum(axis_of(axis, x)), call.cast(x, call.type.dtype))


RULES: dict[str, Rule] = {
    "all": reduce_truth(ops.All),
    "amax": reduce(ops.Max),
    "amin": reduce(ops.Min),
    "any": reduce_truth(ops.Any),
    "argmax": index_of(ops.ArgMax),
    "argmin": index_of(ops.ArgMin),
    "cosine_similarity": cosine_similarity,
    "cumsum": cumulative_sum,
    "linalg_vector_norm": norm,
    "logsumexp": reduce(ops.LogSumExp),
    "max.default": reduce(ops.Max),
    "max.dim": extremum(ops.ArgMax),
    "mean": reduce(ops.Mean),
    "min.default": reduce(ops.Min),
    "min.dim": extremum(ops.ArgMin),
    "norm": norm,
    "prod": reduce(ops.Prod),
    "std": standard_deviation,
    "sum": reduce(ops.Sum),
    "var": variance,
    "var_mean": variance_mean,
}
