"""Masks leave out the smallest weights, and nothing that is no weight of a connection."""

from __future__ import annotations

import numpy as np
import pytest

from isograd import zoo
from isograd.compress.magnitude import apply, left, masks, prunable
from isograd.ir import ops
from isograd.ir.builder import Builder

GRAPH = zoo.get("cnn-bn").build()
WEIGHTS = GRAPH.initialize(0)


def test_biases_norms_and_tensors_by_themselves_stay():
    b = Builder("positions")
    x = b(ops.Add(), b(ops.Linear(4), b.input("x", ("N", 3, 2)), scope="fc"),
          b(ops.Parameter((3, 4)), scope="position"))  # fmt: skip
    assert prunable(b.finish(b(ops.LayerNorm((3, 4)), x, scope="norm"))) == ("fc.weight",)


def test_the_smallest_of_all_go():
    found = masks(GRAPH, WEIGHTS, 0.8)
    stays = np.concatenate([np.abs(WEIGHTS[name][mask]) for name, mask in found.items()])
    goes = np.concatenate([np.abs(WEIGHTS[name][~mask]) for name, mask in found.items()])
    assert goes.max() <= stays.min()
    assert len(goes) == int(0.8 * (len(goes) + len(stays)))


def test_the_smallest_of_each_layer_go():
    for name, mask in masks(GRAPH, WEIGHTS, 0.5, "layer").items():
        assert mask.sum() == mask.size - mask.size // 2
        assert np.abs(WEIGHTS[name][~mask]).max() <= np.abs(WEIGHTS[name][mask]).min()


def test_masked_weights_are_zero_and_counted():
    found = masks(GRAPH, WEIGHTS, 0.8)
    masked = apply(WEIGHTS, found)
    zeros = sum(int((masked[name] == 0).sum()) for name in found)
    assert zeros == GRAPH.count_parameters() - left(GRAPH, found)
    np.testing.assert_array_equal(masked["fc.bias"], WEIGHTS["fc.bias"])


def test_weights_that_are_equal_go_in_their_order():
    found = masks(GRAPH, {name: np.ones_like(array) for name, array in WEIGHTS.items()}, 0.001)
    assert [int((~mask).sum()) for mask in found.values()] == [4, 0, 0]


@pytest.mark.parametrize("amount", [-0.1, 1.1])
def test_an_amount_that_is_no_fraction_is_refused(amount):
    with pytest.raises(ValueError, match="amount"):
        masks(GRAPH, WEIGHTS, amount)
