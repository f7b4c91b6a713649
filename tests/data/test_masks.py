"""Dropout masks: zero or the reciprocal of the share that is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.data import dropout_masks
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Dropout, Linear


def network(*probabilities: float, features: int = 50) -> Graph:
    b = Builder("network")
    x = b.input("x", ("N", features))
    for p in probabilities:
        x = b(Dropout(p), b(Linear(features), x))
    return b.finish(x)


@given(st.floats(0.0, 0.99), st.integers(0, 1000))
def test_a_mask_holds_nothing_but_0_and_what_keeps_the_mean(p: float, seed: int) -> None:
    (mask,) = dropout_masks(network(p), 4, seed).values()
    assert np.all((mask == 0.0) | (mask == 1.0 / (1.0 - p)))


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
def test_the_mean_of_a_mask_is_close_to_1(p: float) -> None:
    (mask,) = dropout_masks(network(p, features=500), 400, seed=1).values()
    standard_error = np.sqrt(p / (1.0 - p) / mask.size)
    assert abs(mask.mean() - 1.0) < 5 * standard_error


def test_without_probability_everything_is_kept() -> None:
    (mask,) = dropout_masks(network(0.0), 4, seed=0).values()
    assert np.all(mask == 1.0)


def test_equal_seeds_give_equal_masks() -> None:
    graph = network(0.5, 0.2)
    first, second = (dropout_masks(graph, 8, seed=7) for _ in range(2))
    assert first.keys() == second.keys()
    for name, mask in first.items():
        np.testing.assert_array_equal(mask, second[name])


def test_other_seeds_give_other_masks() -> None:
    (first,), (second,) = (dropout_masks(network(0.5), 8, seed).values() for seed in (1, 2))
    assert (first != second).any()


def test_every_dropout_has_its_own_mask() -> None:
    graph = network(0.5, 0.5)
    masks = dropout_masks(graph, 8, seed=0)
    names = [node.name for node in graph.nodes if isinstance(node.op, Dropout)]
    assert list(masks) == names
    assert (masks[names[0]] != masks[names[1]]).any()


@pytest.mark.parametrize("batch_size", [1, 6])
def test_the_symbolic_size_becomes_the_batch(batch_size: int) -> None:
    b = Builder("images")
    graph = b.finish(b(Dropout(0.5), b.input("x", ("N", 3, 5, 7))))
    (mask,) = dropout_masks(graph, batch_size, seed=0).values()
    assert mask.shape == (batch_size, 3, 5, 7)


def test_a_network_without_dropout_has_no_masks() -> None:
    b = Builder("linear")
    graph = b.finish(b(Linear(2), b.input("x", ("N", 3))))
    assert dropout_masks(graph, 4, seed=0) == {}


def test_values_that_share_a_draw_have_one_mask() -> None:
    b = Builder("network")
    graph = b.finish(b(Dropout(0.5, shared=(1, 3)), b.input("x", ("N", 3, 4, 5))))
    (mask,) = dropout_masks(graph, 2, seed=0).values()
    assert mask.shape == (2, 1, 4, 1)
