"""What structured pruning takes out, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from networks import NETWORKS, two_outputs
from random_graphs import networks
from silenced import assert_only_what_is_silent_is_gone
from twins import draw

from isograd import zoo
from isograd.compress.channels import prune
from isograd.compress.rules import RULES, alike
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph

ALL = {**NETWORKS, **{name: entry.build for name, entry in zoo.ZOO.items()}}


def check(graph, seed=0, amount=0.5):
    weights, inputs, _, _ = draw(graph, 3, seed)
    return assert_only_what_is_silent_is_gone(graph, weights, inputs, amount)


@pytest.mark.parametrize("name", ALL)
def test_what_no_layer_hears_can_be_taken_out(name):
    check(ALL[name]())


@settings(max_examples=15, suppress_health_check=[*HealthCheck], phases=[Phase.generate])
@given(networks(), st.integers(0, 99), st.sampled_from([0.3, 0.5, 0.8]))
def test_that_is_so_in_random_networks(graph: Graph, seed, amount):
    check(graph, seed, amount)


def test_an_op_that_is_followed_wrongly_is_noticed(monkeypatch):
    """A softmax weighs each channel against all others: without some, it is another one."""
    monkeypatch.setitem(RULES, ops.Softmax, alike)
    b = Builder("weighed")
    x = b(ops.Softmax(), b(ops.Linear(8), b.input("x", ("N", 3))))
    graph = b.finish(b(ops.Linear(2), x))
    with pytest.raises(AssertionError, match="Not equal"):
        check(graph)


def sizes(graph, amount=0.5):
    pruned = prune(graph, graph.initialize(0), amount)
    return {name: spec.shape for name, spec in pruned.graph.parameters.items()}, pruned.groups


def test_half_of_the_channels_are_gone_from_a_layer_its_norm_and_its_reader():
    found, _ = sizes(zoo.get("cnn-bn").build())
    assert found["conv1.weight"] == (2, 1, 3, 3)
    assert found["bn1.running_var"] == (2,)
    assert found["conv2.weight"] == (4, 2, 3, 3)
    assert found["fc.weight"] == (10, 4 * 7 * 7)


def test_what_a_residual_adds_up_loses_the_same_channels():
    b = Builder("residual")
    x = b(ops.conv2d(8, 1), b.input("x", ("N", 3, 4, 4)), scope="stem")
    y = b(ops.conv2d(8, 3, padding=1), b(ops.ReLU(), x), scope="block")
    x = b(ops.GlobalAvgPool(), b(ops.Add(), x, y))
    graph = b.finish(b(ops.Linear(2), x, scope="head"))
    pruned = prune(graph, graph.initialize(0), 0.25)
    assert [group.makers for group in pruned.groups][:1] == [("stem.weight", "block.weight")]
    np.testing.assert_array_equal(pruned.kept["stem.weight"][0], pruned.kept["block.weight"][0])
    np.testing.assert_array_equal(pruned.kept["block.weight"][1], pruned.kept["head.weight"][1])
    assert pruned.graph.parameters["head.weight"].shape == (2, 6)


def test_the_weakest_channels_go():
    graph = zoo.get("mnist-mlp").build()
    weights = graph.initialize(0)
    for weak in (3, 64):
        weights["fc1.weight"][weak] *= 0.1
        weights["fc2.weight"][:, weak] *= 0.1
    pruned = prune(graph, weights, 2 / 128)
    gone = np.setdiff1d(np.arange(128), pruned.kept["fc1.weight"][0])
    assert gone.tolist() == [3, 64]
    np.testing.assert_array_equal(
        pruned.weights["fc2.weight"], weights["fc2.weight"][:, pruned.kept["fc2.weight"][1]]
    )


def attention():
    b = Builder("attention")
    x = b.input("x", ("N", 5, 12))
    whole = b(ops.Linear(36), x, scope="qkv")
    parts = [b(ops.Slice(2, 12 * i, 12 * i + 12 if i < 2 else None), whole) for i in range(3)]
    heads = [b(ops.Transpose((0, 2, 1, 3)), b(ops.Reshape(("N", 5, 4, 3)), part)) for part in parts]
    y = b(ops.Transpose((0, 2, 1, 3)), b(ops.Attention(), *heads))
    return b.finish(b(ops.Linear(7), b(ops.Reshape(("N", 5, -1)), y), scope="out"))


def test_heads_of_an_attention_go_as_a_whole():
    pruned = check(attention(), amount=0.5)
    assert pruned.graph.parameters["qkv.weight"].shape == (18, 12)
    assert pruned.graph.parameters["out.weight"].shape == (7, 6)
    heads = pruned.kept["out.weight"][1].reshape(2, 3)
    np.testing.assert_array_equal(heads % 3, [[0, 1, 2]] * 2)


def test_groups_of_a_convolution_lose_the_same_places():
    b = Builder("grouped")
    x = b(ops.conv2d(8, 1), b.input("x", ("N", 3, 4, 4)), scope="into")
    x = b(ops.conv2d(12, 3, groups=2), x, scope="grouped")
    x = b(ops.conv2d(24, 1, groups=12), x, scope="depthwise")
    graph = b.finish(b(ops.Linear(2), b(ops.GlobalAvgPool(), x), scope="head"))
    pruned = check(graph)
    shapes = {name: spec.shape for name, spec in pruned.graph.parameters.items()}
    assert shapes["grouped.weight"] == (6, 2, 3, 3)
    assert shapes["depthwise.weight"] == (12, 1, 1, 1)
    assert next(n.op.groups for n in pruned.graph.nodes if n.name == "depthwise") == 6


def test_what_the_network_returns_and_takes_stays():
    _, groups = sizes(two_outputs())
    assert {group.reason for group in groups} == {"it is what the network returns"}


def test_a_group_that_is_left_whole_says_why():
    b = Builder("normed")
    x = b(ops.Linear(6), b.input("x", ("N", 3)), scope="into")
    x = b(ops.LayerNorm((6,)), x, scope="norm")
    graph = b.finish(b(ops.Linear(2), x, scope="head"))
    _, groups = sizes(graph)
    assert groups[0].makers == ("into.weight",)
    assert groups[0].reason == "LayerNorm norm cannot do without a part of it"


def test_a_recurrent_layer_reads_fewer_features_and_keeps_its_states():
    b = Builder("recurrent")
    x = b(ops.Linear(6), b.input("x", ("N", 4, 3)), scope="into")
    x = b(ops.Select(1, -1), b(ops.GRU(5), x, scope="gru"))
    pruned = check(b.finish(b(ops.Linear(2), x, scope="head")))
    assert pruned.graph.parameters["gru.weight_ih"].shape == (15, 3)
    assert pruned.graph.parameters["gru.weight_hh"].shape == (15, 5)


def test_one_channel_is_always_left():
    found, _ = sizes(zoo.get("cnn-bn").build(), 0.99)
    assert found["conv1.weight"][0] == found["conv2.weight"][0] == 1


@pytest.mark.parametrize("amount", [-0.1, 1.0])
def test_an_amount_that_is_no_fraction_is_refused(amount):
    graph = zoo.get("mnist-mlp").build()
    with pytest.raises(ValueError, match="amount"):
        prune(graph, graph.initialize(0), amount)
