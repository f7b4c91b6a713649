"""Networks from which something was taken are still one network in both frameworks."""

from __future__ import annotations

import pytest
from networks import residual
from sides import side

from isograd.compress.channels import prune
from isograd.compress.folding import fold
from isograd.compress.magnitude import apply, masks
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.proof import establish, make_trial, prove_side
from isograd.training import Recipe

RECIPE = Recipe("cross_entropy", batch_size=8)


def transformer() -> Graph:
    """One block and a head."""
    b = Builder("block")
    x = b.input("x", ("N", 5, 12))
    y = b(ops.Linear(36), b(ops.LayerNorm((12,)), x), scope="qkv")
    parts = [b(ops.Slice(2, 12 * i, 12 * i + 12), y) for i in range(3)]
    heads = [b(ops.Transpose((0, 2, 1, 3)), b(ops.Reshape(("N", 5, 4, 3)), part)) for part in parts]
    y = b(ops.Transpose((0, 2, 1, 3)), b(ops.Attention(), *heads))
    x = b(ops.Add(), x, b(ops.Linear(12), b(ops.Reshape(("N", 5, 12)), y), scope="out"))
    y = b(ops.GELU(), b(ops.Linear(24), b(ops.LayerNorm((12,)), x), scope="up"))
    x = b(ops.Add(), x, b(ops.Linear(12), y, scope="down"))
    return b.finish(b(ops.Linear(3), b(ops.Mean((1,)), x), scope="head"))


def verdict(graph, weights):
    trial = make_trial(graph, RECIPE, None, 0, weights, recorded=(1, 10))
    ours, theirs = (
        [side(graph, label, dtype, RECIPE) for dtype in ("float64", "float32")]
        for label in ("torch/eager", "tensorflow/function")
    )
    return prove_side(establish(*ours, trial), *theirs).verdict


@pytest.mark.parametrize("build", [residual, transformer])
def test_without_half_of_their_channels_they_are_equivalent(build):
    graph = build()
    pruned = prune(graph, graph.initialize(0), 0.5)
    assert pruned.graph.count_parameters() < 0.75 * graph.count_parameters()
    assert verdict(pruned.graph, pruned.weights) == "equivalent"


def test_with_the_same_mask_they_are_equivalent():
    graph = residual()
    weights = graph.initialize(0)
    assert verdict(graph, apply(weights, masks(graph, weights, 0.8))) == "equivalent"


def test_folded_they_are_equivalent():
    folded = fold(residual(), residual().initialize(0))
    assert folded.norms == 2
    assert verdict(folded.graph, folded.weights) == "equivalent"
