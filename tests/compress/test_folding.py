"""A network for inference computes what the network computes in evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from networks import NETWORKS
from random_graphs import networks
from silenced import outputs
from twins import draw

from isograd import zoo
from isograd.compress import folding
from isograd.compress.folding import fold
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph

ALL = {**NETWORKS, **{name: entry.build for name, entry in zoo.ZOO.items()}}

ROUNDING = 1e-10
"""Of the largest output: the same sums in another order."""


def check(graph, seed=0):
    weights, inputs, _, _ = draw(graph, 3, seed)
    folded = fold(graph, weights)
    expected = outputs(graph, weights, inputs)
    found = outputs(folded.graph, folded.weights, inputs)
    for name, array in expected.items():
        limit = ROUNDING * max(1.0, np.abs(array).max(initial=0.0))
        np.testing.assert_allclose(found[name], array, rtol=0, atol=limit)
    return folded


def kinds(graph):
    return [type(node.op).__name__ for node in graph.nodes]


@pytest.mark.parametrize("name", ALL)
def test_a_folded_network_computes_the_same(name):
    check(ALL[name]())


@settings(max_examples=15, suppress_health_check=[*HealthCheck], phases=[Phase.generate])
@given(networks(), st.integers(0, 99))
def test_that_is_so_of_random_networks(graph: Graph, seed):
    check(graph, seed)


def test_norms_and_dropout_are_gone():
    folded = check(zoo.get("cnn-bn").build())
    assert kinds(folded.graph) == ["Conv", "ReLU", "MaxPool"] * 2 + ["Flatten", "Linear"]
    assert (folded.norms, folded.identities, folded.constants) == (2, 1, 0)
    assert set(folded.graph.parameters) == {
        f"{layer}.{role}" for layer in ("conv1", "conv2", "fc") for role in ("weight", "bias")
    }


@pytest.mark.parametrize(
    "layer",
    [
        ops.conv2d(6, 3, groups=3),
        ops.ConvTranspose(6, (2, 2), (2, 2), ((0, 0),) * 2, (0, 0), (1, 1), groups=3),
        ops.ConvTranspose(6, (2, 2), (1, 1), ((0, 0),) * 2, (0, 0), (1, 1), bias=False),
    ],
    ids=["grouped", "grouped transpose", "transpose"],
)
def test_a_norm_goes_into_layers_of_every_kind(layer):
    b = Builder("layer")
    x = b(layer, b.input("x", ("N", 6, 5, 4)), scope="layer")
    folded = check(b.finish(b(ops.BatchNorm(affine=False), x, scope="norm")))
    assert kinds(folded.graph) == [type(layer).__name__]


def test_a_layer_that_something_else_reads_keeps_its_norm():
    b = Builder("read twice")
    x = b(ops.conv2d(4, 1), b.input("x", ("N", 2, 3, 3)), scope="conv")
    graph = b.finish(b(ops.Add(), b(ops.BatchNorm(), x, scope="norm"), x))
    assert kinds(check(graph).graph) == ["Conv", "BatchNorm", "Add"]


def test_a_layer_that_is_used_twice_keeps_its_norm():
    b = Builder("used twice")
    x = b(ops.Linear(4), b.input("x", ("N", 4)), scope="fc")
    x = b(ops.Linear(4), b(ops.BatchNorm(), x, scope="norm"), scope="fc")
    assert kinds(check(b.finish(x)).graph) == ["Linear", "BatchNorm", "Linear"]


def test_a_norm_over_another_axis_than_the_layers_features_stays():
    b = Builder("over time")
    x = b(ops.Linear(4), b.input("x", ("N", 4, 3)), scope="fc")
    assert kinds(check(b.finish(b(ops.BatchNorm(), x, scope="norm"))).graph) == [
        "Linear",
        "BatchNorm",
    ]


def test_what_depends_on_no_input_is_stored():
    b = Builder("weight norm")
    x = b.input("x", ("N", 3))
    v, g = b(ops.Parameter((3, 2)), scope="v"), b(ops.Parameter((1, 2)), scope="g")
    size = b(ops.Sqrt(), b(ops.Sum((0,), keepdims=True), b(ops.Square(), v)))
    weight = b(ops.Multiply(), g, b(ops.Divide(), v, size))
    folded = check(b.finish(b(ops.MatMul(), x, weight)))
    assert kinds(folded.graph) == ["Buffer", "MatMul"]


def test_a_wrong_fold_is_noticed(monkeypatch):
    """As if the norm had no epsilon."""
    joined = folding._joined

    def careless(layer, norm, held, specs):
        return joined(layer, replace(norm, op=replace(norm.op, eps=1e-300)), held, specs)

    monkeypatch.setattr(folding, "_joined", careless)
    with pytest.raises(AssertionError, match="Not equal"):
        check(zoo.get("cnn-bn").build())
