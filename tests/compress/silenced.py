"""Whether a pruned network is the whole one in which no layer hears what was taken out."""

from __future__ import annotations

import numpy as np

from isograd.compress.channels import prune
from isograd.compress.flow import follow
from isograd.compress.rules import RULES, left_whole
from isograd.frameworks import part

ROUNDING = 1e-10
"""Of the largest output: sums of fewer terms, the same but for zeros."""


def outputs(graph, weights, inputs):
    tape = part("torch", "tape").open_tape(graph)
    return tape.run(weights, tuple(inputs.values()), training=False).outputs


def deaf(flow, weights, kept):
    """The whole network's weights, with zeros wherever a layer reads what is gone."""
    silent = {name: array.copy() for name, array in weights.items()}
    for name, axis in flow.reads:
        if name in kept:
            gone = np.setdiff1d(np.arange(weights[name].shape[axis]), kept[name][axis])
            np.moveaxis(silent[name], axis, 0)[gone] = 0
    return silent


def assert_only_what_is_silent_is_gone(graph, weights, inputs, amount=0.5):
    """In float64; returns the smaller network."""
    pruned = prune(graph, weights, amount)
    silent = deaf(follow(graph, RULES, left_whole), weights, pruned.kept)
    expected = outputs(graph, silent, inputs)
    found = outputs(pruned.graph, pruned.weights, inputs)
    for name, array in expected.items():
        assert found[name].shape == array.shape
        limit = ROUNDING * max(1.0, np.abs(array).max(initial=0.0))
        np.testing.assert_allclose(found[name], array, rtol=0, atol=limit)
    return pruned
