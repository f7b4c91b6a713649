"""Ops of several values whose axes Keras may see in different orders."""

from __future__ import annotations

from isograd.frameworks.tensorflow.importing.trace import Order, Trace, Value
from isograd.ir import ops
from isograd.ir.ops import Op
from isograd.ir.placement import logical_order


def binary(trace: Trace, op: Op, a: Value, b: Value) -> Value:
    """An op of two values that broadcast as Keras sees them."""
    if a.rank == b.rank and a.order == b.order and a.features == b.features:
        return _result(trace, op, a, b, a)
    big, small = (a, b) if a.rank >= b.rank else (b, a)
    if small.rank == 0:
        return _result(trace, op, a, b, big)
    a, b = ((trace.plain(v) if v.features else v) for v in (a, b))
    if a.rank == b.rank:
        order = a.order if a.order != logical_order(a.rank) else b.order
        if a.order != b.order and _ones(a) > _ones(b):
            order = b.order
        return _result(trace, op, trace.ordered(a, order), trace.ordered(b, order), None, order)
    order = (a if a.rank > b.rank else b).order
    a, b = (spread(trace, value, order) for value in (a, b))
    return _result(trace, op, a, b, None, order)


def spread(trace: Trace, value: Value, order: Order) -> Value:
    """A value of fewer axes, with axes of size 1 in front of them as Keras sees it, held in
    ``order``; a single axis that is the graph's last already needs none."""
    rank = len(order)
    if value.rank == rank:
        return trace.ordered(value, order)
    value = trace.plain(value)
    if order[rank - value.rank :] == tuple(range(rank - value.rank, rank)):
        return value
    seen = (1,) * (rank - value.rank) + value.type.shape
    if value.rank == 1:
        place = order[-1]
        shape = tuple(seen[-1] if axis == place else 1 for axis in range(place, rank))
        return trace.add(ops.Reshape(shape), value)
    whole = trace.add(ops.Reshape(seen), value)
    return trace.ordered(whole, order)


def joined(trace: Trace, values: list[Value], axis: int) -> Value:
    """Values one after the other along one of Keras' axes."""
    values = [trace.plain(value) if value.features else value for value in values]
    orders = [value.order for value in values]
    order = max(orders, key=lambda o: (orders.count(o), o != logical_order(len(o))))
    moved = [trace.ordered(value, order) for value in values]
    return trace.add(ops.Concat(order[axis % len(order)]), *moved, order=order)


def _ones(value: Value) -> int:
    return sum(size == 1 for size in value.type.shape)


def _result(
    trace: Trace, op: Op, a: Value, b: Value, like: Value | None, order: Order | None = None
) -> Value:
    made = trace.add(op, a, b, order=like.order if like else order)
    return Value(made.name, made.type, made.order, like.features if like else None)
