"""Networks between two that differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from networks import NETWORKS
from planted_changes import changes
from random_graphs import networks

from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.blend import blend
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph


def assert_between(reference: Graph, twin: Graph) -> None:
    """Everything mended is the reference, nothing mended is the twin."""
    found = align(reference, twin)
    mended = blend(reference, twin, found, found.differences)
    again = align(reference, mended.graph)
    assert again.complete or again.ambiguous, [d.detail for d in again.differences]
    assert not again.differences
    untouched = blend(reference, twin, found, ())
    assert not align(twin, untouched.graph).differences


PLANTED = [
    (name, change, graph, planted)
    for name, make in NETWORKS.items()
    for graph in [make() if callable(make) else make]
    for change, planted in changes(graph)
]


@pytest.mark.parametrize(
    ("name", "change", "graph", "planted"), PLANTED, ids=[f"{p[0]}-{p[1]}" for p in PLANTED]
)
def test_planted(name, change, graph, planted):
    assert_between(graph, planted)
    assert_between(planted, graph)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(networks())
def test_random_networks_are_blended_with_their_planted_twins(graph):
    for _, planted in changes(graph):
        assert_between(graph, planted)


def test_one_attribute_of_two_is_mended_alone():
    def network(**attributes) -> Graph:
        b = Builder("norm")
        return b.finish(b(ops.BatchNorm(**attributes), b.input("x", ("N", 4)), scope="bn"))

    reference, twin = network(), network(eps=1e-3, momentum=0.01)
    found = align(reference, twin)
    assert [d.attribute for d in found.differences] == ["eps", "momentum"]
    for difference, op in zip(
        found.differences,
        (ops.BatchNorm(momentum=0.01), ops.BatchNorm(eps=1e-3)),
        strict=True,
    ):
        (node,) = blend(reference, twin, found, [difference]).graph.nodes
        assert node.op == op


def projections(packed: bool, activation: ops.Op) -> Graph:
    """``activation(q) * k - v``, of one layer that is cut or of three."""
    b = Builder("projections")
    x = b.input("x", ("N", 5, 6))
    if packed:
        whole = b(ops.Linear(12), x, scope="qkv")
        q, k, v = (b(ops.Slice(2, at, at + 4), whole) for at in (0, 4, 8))
    else:
        q, k, v = (b(ops.Linear(4), x, scope=name) for name in "qkv")
    return b.finish(b(ops.Subtract(), b(ops.Multiply(), b(activation, q), k), v))


@pytest.mark.parametrize("packed", [True, False])
def test_weights_are_cut_and_joined_for_a_network_between(packed):
    ours, theirs = projections(packed, ops.Tanh()), projections(not packed, ops.Sigmoid())
    found = align(ours, theirs)
    assert [difference.detail for difference in found.differences] == ["Tanh() against Sigmoid()"]
    blended = blend(ours, theirs, found, found.differences)
    reference = ours.initialize(1)
    weights = blended.weights(reference, theirs.initialize(2))
    expected = found.mapping.forward(reference)
    assert weights.keys() == expected.keys()
    assert all(np.array_equal(weights[name], array) for name, array in expected.items())
