"""What aligns is one function, says NumPy; reshapes and transposes that are one function align."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import prod
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Op, ShapeError
from isograd.ir.sizes import evaluate

N = 3
QUIET = settings(derandomize=True, database=None, deadline=None, max_examples=400)

Choice = tuple[int, int]
"""Which kind of op, and which of those that fit."""

Array = Any


def number(size: int | str) -> int:
    return evaluate(size, {"N": N})


def pick(choices: list[Any], which: int) -> Any:
    return choices[which % len(choices)]


def shapes(total: int) -> list[tuple[int, ...]]:
    """All ways to write the size as a product of up to three numbers above 1."""
    sizes = [n for n in range(2, total + 1) if total % n == 0]
    found = [(total,)] + [(a, total // a) for a in sizes if a < total]
    return found + [(a, b, total // a // b) for a in sizes for b in sizes if total % (a * b) == 0]


def reshape(shape: tuple[int | str, ...], which: int) -> Op:
    """A split, a merge or another order of sizes; the open size stays an axis of its own, or is the
    slow part of one."""
    rest = prod(number(size) for size in shape) // N
    new = pick([*shapes(rest), (*shapes(rest)[-1], 1)], which)
    first = "N" if which % 3 else f"{new[0]}*N"
    return ops.Reshape(("N", *new) if first == "N" else (first, *new[1:]))


def transpose(shape: tuple[int | str, ...], which: int) -> Op:
    return ops.Transpose(pick(list(permutations(range(len(shape)))), which))


def grown(b: Builder, x: str, types: dict[str, tuple[int | str, ...]], choice: Choice) -> str:
    """One op on a value, if it fits."""
    kind, which = choice
    shape = types[x]
    rank = len(shape)

    def new(op: Op, *inputs: str) -> str:
        name = b(op, *inputs)
        types[name] = op.infer(*(ops.TensorType(types[one]) for one in inputs)).shape
        return name

    def along(make: Callable[[int], Op]) -> str:
        return new(make(which % rank), x)

    def product() -> str:
        turned = new(ops.Transpose((*range(rank - 2), rank - 1, rank - 2)), x)
        return new(ops.MatMul(), x, turned)

    makers: list[Callable[[], str]] = [
        lambda: new(transpose(shape, which), x),
        lambda: new(transpose(shape, which), x),
        lambda: new(reshape(shape, which), x),
        lambda: new(reshape(shape, which), x),
        lambda: new(ops.Sin(), x),
        lambda: along(ops.Softmax),
        lambda: along(lambda axis: ops.Mean((axis,), which > 20)),
        lambda: along(lambda axis: ops.Select(axis, which % 2)),
        lambda: along(lambda axis: ops.Slice(axis, number(shape[axis]) // 2 if which % 2 else 1)),
        lambda: along(lambda axis: ops.Flip((axis,))),
        lambda: new(ops.Concat(which % rank), x, new(ops.Sin(), x)),
        lambda: new(ops.Subtract(), x, new(transpose(shape, which), x)),
        lambda: new(ops.Add(), new(transpose(shape, which), x), x),
        lambda: new(ops.Subtract(), new(ops.Mean((which % rank,), True), x), x),
        product,
        lambda: along(ops.CumSum),
        lambda: new(ops.Pad(tuple((int(i == which % rank), 0) for i in range(rank))), x),
        lambda: new(ops.LayerNorm((number(shape[-1]),), affine=False), x),
        lambda: new(ops.Attention(), x, new(ops.Sin(), x), new(ops.Cos(), x)),
        lambda: along(lambda axis: ops.RepeatInterleave(2, axis)),
    ]
    try:
        return pick(makers, kind)()
    except (ShapeError, ValueError, ZeroDivisionError):
        return x


def network(choices: list[Choice], shape: tuple[int | str, ...] = ("N", 2, 4)) -> Graph:
    b = Builder("network")
    x = b.input("x", shape)
    types = {x: shape}
    for choice in choices:
        x = grown(b, x, types, choice) if types[x] else x
    return b.finish(x)


def softmax(x: Array, axis: int) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def sized(shape: tuple[int | str, ...]) -> tuple[int, ...]:
    return tuple(map(number, shape))


COMPUTED: dict[type[Op], Callable[..., Array]] = {
    ops.Transpose: lambda op, x: x.transpose(op.axes),
    ops.Reshape: lambda op, x: x.reshape(sized(op.shape)),
    ops.Sin: lambda op, x: np.sin(x),
    ops.Cos: lambda op, x: np.cos(x),
    ops.Softmax: lambda op, x: softmax(x, op.axis),
    ops.Mean: lambda op, x: x.mean(op.axes, keepdims=op.keepdims),
    ops.Select: lambda op, x: np.take(x, op.index, op.axis),
    ops.Slice: lambda op, x: np.take(x, range(x.shape[op.axis])[op.start :], op.axis),
    ops.Flip: lambda op, x: np.flip(x, op.axes),
    ops.Concat: lambda op, *x: np.concatenate(x, op.axis),
    ops.Subtract: lambda op, x, y: x - y,
    ops.Add: lambda op, x, y: x + y,
    ops.MatMul: lambda op, x, y: x @ y,
    ops.CumSum: lambda op, x: np.cumsum(x, op.axis),
    ops.Pad: lambda op, x: np.pad(x, op.padding),
    ops.LayerNorm: lambda op, x: (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1),
    ops.Attention: lambda op, q, k, v: softmax(q @ k.swapaxes(-1, -2), -1) @ v,
    ops.RepeatInterleave: lambda op, x: np.repeat(x, op.repeats, op.axis),
}


def computed(graph: Graph, x: Array) -> Array:
    values = {"x": x}
    for node in graph.nodes:
        inputs = (values[name] for name in node.inputs)
        values[node.name] = COMPUTED[type(node.op)](node.op, *inputs)
    return values[graph.outputs[0]]


def are_one(a: Graph, b: Graph, x: Array) -> bool:
    ours, theirs = computed(a, x), computed(b, x)
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


choice = st.tuples(st.integers(0, 19), st.integers(0, 40))
moves = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=6)


@QUIET
@given(moves, moves)
def test_moves_align_if_and_only_if_they_are_one_function(one, other):
    a, b = network(one), network(other)
    x = np.arange(N * 8).reshape(N, 2, 4)
    assert align(a, b).complete == are_one(a, b, x)


@QUIET
@given(moves, moves, st.sampled_from([("N", 2, 3, 4), ("N", 6, 4), ("N", 6, 6)]))
def test_moves_of_sizes_that_do_not_divide_each_other_align_only_if_they_are_one(a, b, shape):
    ours, theirs = network(a, shape), network(b, shape)
    x = np.arange(prod(map(number, shape))).reshape(sized(shape))
    if align(ours, theirs).complete:
        assert are_one(ours, theirs, x)


@settings(QUIET, max_examples=800)
@given(st.lists(choice, min_size=1, max_size=7), st.integers(0, 6), choice, st.booleans())
def test_networks_that_align_are_one_function(choices, place, another, added):
    place %= len(choices)
    other = [*choices[:place], another, *choices[place + (not added) :]]
    a, b = network(choices), network(other)
    if align(a, b).complete:
        assert are_one(a, b, np.random.default_rng(0).normal(size=(N, 2, 4)))
