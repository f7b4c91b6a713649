"""Every PyTorch network of the corpus without half of its channels: nothing else is gone."""

from __future__ import annotations

import numpy as np
import pytest
import specs
import torch
from silenced import assert_only_what_is_silent_is_gone

from isograd.models import load
from torch_networks import NETWORKS, TorchNetwork

WHOLE = {
    "tcn_weight_norm", "lstm_time_major", "rnn", "image_and_table", "repeated_block",
    "tied_autoencoder",
}  # fmt: skip
"""All their channels meet an op that cannot do without one."""


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_what_no_layer_hears_can_be_taken_out(network: TorchNetwork) -> None:
    torch.manual_seed(0)
    model = load(network.build(), [f"{name}={spec}" for name, spec in network.inputs.items()])
    rng = np.random.default_rng(0)
    weights = {
        name: array + 0.1 * rng.random(array.shape) if array.dtype.kind == "f" else array
        for name, array in model.weights.items()
    }
    inputs = specs.sample(network.inputs, {"N": 2, "T": 12, "S": 9})
    pruned = assert_only_what_is_silent_is_gone(model.graph, weights, inputs)
    assert bool(pruned.kept) != (network.name in WHOLE)
