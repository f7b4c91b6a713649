"""Every PyTorch network of the corpus, imported and held against itself."""

from __future__ import annotations

import pytest
import torch
from originals import assert_same, imported

from isograd.errors import UsageError
from torch_networks import NETWORKS, TorchNetwork

ROUGH = {"sloped_activations": 1e-8, "mobilenet_v3": 1e-8}
"""PyTorch's own hardsigmoid has a float32 constant in its float64 gradient."""

BLOCKED = {
    "tcn_weight_norm": "a convolution with weights that are computed",
}
"""What the importer refuses, and the words in which it says so."""


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_network_keeps_its_outputs_and_gradients(network: TorchNetwork) -> None:
    torch.manual_seed(0)
    inputs = [f"{name}={spec}" for name, spec in network.inputs.items()]
    if network.name in BLOCKED:
        with pytest.raises(UsageError, match=rf"(?i){BLOCKED[network.name]}"):
            imported(network.build(), *inputs)
        return
    assert_same(network.build(), *inputs, allowed=ROUGH.get(network.name, 1e-12))
