"""What is the same function has one form; what is not has another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.mapping import Permute, Transform

Body = Callable[[Builder, str], str]


def network(body: Body, shape: tuple[int | str, ...] = ("N", 4, 6, 8)) -> Graph:
    b = Builder("network")
    return b.finish(body(b, b.input("x", shape)))


def channels_last(b: Builder, x: str) -> str:
    return b(ops.Transpose((0, 2, 3, 1)), x)


def channels_first(b: Builder, x: str) -> str:
    return b(ops.Transpose((0, 3, 1, 2)), x)


def chain(*steps: ops.Op) -> Body:
    def body(b: Builder, x: str) -> str:
        for number, op in enumerate(steps):
            x = b(op, x, scope=f"layer{number}")
        return x

    return body


TO_LAST, TO_FIRST = ops.Transpose((0, 2, 3, 1)), ops.Transpose((0, 3, 1, 2))

SAME = {
    "elementwise ops in any order of axes": (
        chain(ops.ReLU(), ops.AddScalar(1.0)),
        chain(TO_LAST, ops.ReLU(), TO_FIRST, ops.AddScalar(1.0)),
    ),
    "an op along an axis": (
        chain(ops.Softmax(1), ops.Slice(2, 1)),
        chain(TO_LAST, ops.Softmax(-1), ops.Slice(1, 1), TO_FIRST),
    ),
    "an axis that goes away": (
        chain(ops.Mean((2, 3)), ops.Linear(3)),
        chain(TO_LAST, ops.Mean((1, 2)), ops.Linear(3)),
    ),
    "a reduction that is a pooling": (chain(ops.GlobalAvgPool()), chain(ops.Mean((2, 3)))),
    "an axis that is chosen": (
        chain(ops.Select(3, 0), ops.ReLU()),
        chain(TO_LAST, ops.Select(2, 0), ops.ReLU(), ops.Transpose((0, 2, 1))),
    ),
    "padding": (
        chain(ops.Pad(((0, 0), (0, 0), (1, 2), (0, 3)))),
        chain(TO_LAST, ops.Pad(((0, 0), (1, 2), (0, 3), (0, 0))), TO_FIRST),
    ),
    "a layer along the last axis": (
        chain(TO_LAST, ops.LayerNorm((4,)), TO_FIRST),
        chain(ops.Transpose((0, 3, 2, 1)), ops.LayerNorm((4,)), ops.Transpose((0, 3, 2, 1))),
    ),
    "reshapes of reshapes": (
        chain(ops.Flatten()),
        chain(ops.Reshape(("N", 24, 8)), ops.ExpandDims(1), ops.Reshape(("N", 192))),
    ),
    "rounding up where nothing hangs over": (
        chain(ops.max_pool2d(2, ceil_mode=True)),
        chain(ops.max_pool2d(2)),
    ),
    "a window that hangs over, and padding": (
        chain(ops.max_pool2d(4, 4, ceil_mode=True)),
        chain(ops.MaxPool((4, 4), (4, 4), ((0, 2), (0, 0)), (1, 1))),
    ),
    "a factor and the sizes that it leads to": (
        chain(ops.Resize(None, (2.0, 1.5), "bilinear")),
        chain(ops.Resize((12, 12), None, "bilinear")),
    ),
}

OTHER = {
    "another axis": (chain(ops.Softmax(1)), chain(TO_LAST, ops.Softmax(1), TO_FIRST)),
    "another reduction": (chain(ops.Mean((2, 3))), chain(ops.Mean((1, 3)))),
    "outputs whose axes lie otherwise": (chain(ops.ReLU()), chain(ops.ReLU(), TO_LAST)),
    "a reshape of what was turned": (chain(ops.Flatten()), chain(TO_LAST, ops.Flatten())),
    "a reshape between turns": (
        chain(ops.Reshape(("N", 6, 8, 4))),
        chain(TO_LAST, ops.Reshape(("N", 6, 8, 4))),
    ),
    "a layer along another axis": (
        chain(ops.Transpose((0, 2, 1, 3)), ops.LayerNorm((8,))),
        chain(ops.LayerNorm((8,)), ops.Transpose((0, 1, 2, 3)), ops.LayerNorm((8,))),
    ),
    "a window that hangs over": (
        chain(ops.max_pool2d(4, 4, ceil_mode=True), ops.Mean((2, 3))),
        chain(ops.max_pool2d(4, 4), ops.Mean((2, 3))),
    ),
    "padding that counts": (
        chain(ops.avg_pool2d(3, 1, 1)),
        chain(ops.AvgPool((3, 3), (1, 1), ((1, 1), (1, 1)), False, False)),
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_one_function_written_in_two_ways_is_one(pair: tuple[Body, Body]) -> None:
    found = align(*map(network, pair))
    assert found.complete, found.differences


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER)
def test_two_functions_are_two(pair: tuple[Body, Body]) -> None:
    assert align(*map(network, pair)).differences


def test_operands_are_compared_in_the_order_in_which_they_are_seen() -> None:
    def plain(b: Builder, x: str) -> str:
        return b(ops.Add(), b(ops.Sin(), x), b(ops.Cos(), x))

    def turned(b: Builder, x: str) -> str:
        y = channels_last(b, x)
        return channels_first(b, b(ops.Add(), b(ops.Cos(), y), b(ops.Sin(), y)))

    def mixed(b: Builder, x: str) -> str:
        square = b(ops.Transpose((0, 1, 3, 2)), b(ops.Cos(), x))
        return b(ops.Add(), b(ops.Sin(), x), square)

    shape = ("N", 4, 6, 6)
    assert align(network(plain, shape), network(turned, shape)).complete
    assert align(network(plain, shape), network(mixed, shape)).differences


def test_operands_that_may_not_change_places_keep_them() -> None:
    def minus(b: Builder, x: str) -> str:
        return b(ops.Subtract(), b(ops.Sin(), x), b(ops.Cos(), x))

    def swapped(b: Builder, x: str) -> str:
        return b(ops.Subtract(), b(ops.Cos(), x), b(ops.Sin(), x))

    assert align(network(minus), network(swapped)).differences


def test_values_of_different_rank_are_a_difference_and_no_crash() -> None:
    ours = chain(ops.Mean((1,)), ops.Transpose((0, 2, 1)))
    theirs = chain(ops.Mean((1,), True), TO_LAST)
    assert align(network(ours), network(theirs)).differences


def test_the_order_of_a_dropped_values_axes_is_told() -> None:
    twin = chain(TO_LAST, ops.Dropout(0.5, (1, 2)), TO_FIRST)
    found = align(network(chain(ops.Dropout(0.5, (2, 3)))), network(twin))
    assert found.complete
    assert list(found.turns.values()) == [Transform((Permute((0, 2, 3, 1)),))]


def test_constants_may_be_infinite_and_open_sizes_have_other_names() -> None:
    def masked(size: str) -> Graph:
        b = Builder("masked")
        x = b.input("x", (size, 4))
        return b.finish(b(ops.Add(), b(ops.Full((size, 4), float("-inf")), *()), x))

    assert align(masked("N"), masked("batch")).complete
