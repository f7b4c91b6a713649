"""Every PyTorch network of the corpus, imported and held against itself."""

from __future__ import annotations

import pytest
import torch
from originals import assert_same

from torch_networks import NETWORKS, TorchNetwork

ROUGH = {"sloped_activations": 1e-8, "mobilenet_v3": 1e-8}
"""PyTorch's own hardsigmoid has a float32 constant in its float64 gradient."""


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_network_keeps_its_outputs_and_gradients(network: TorchNetwork) -> None:
    torch.manual_seed(0)
    inputs = [f"{name}={spec}" for name, spec in network.inputs.items()]
    assert_same(network.build(), *inputs, allowed=ROUGH.get(network.name, 1e-12))
