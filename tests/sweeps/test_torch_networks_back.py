"""Every PyTorch network of the corpus, taken to Keras and back: it computes the same, and is the
same graph with the same weights."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from back_again import assert_same_again
from originals import imported

from isograd.errors import UsageError
from isograd.ir.alignment import align
from torch_networks import NETWORKS, TorchNetwork

OTHERWISE = frozenset({
    "autoencoder_conv", "convnext", "dcgan_generator", "googlenet", "gpt_fused", "gpt_multihead",
    "llama", "style_transfer", "t5", "tcn", "tcn_weight_norm", "transformer_translator",
})  # fmt: skip
"""Networks that come back in a form that computes the same, but is written otherwise: axes that lie
in another order where a product is taken, a repetition in the place of a resizing, a slice behind a
transposed convolution."""

REFUSED = {
    "transformer_encoder": "shapes other than the batch must be known",
}
"""Networks that are refused on the way, and the words of that."""


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_network_comes_back(network: TorchNetwork) -> None:
    torch.manual_seed(0)
    sizes = {name: re.sub(r"\b[A-MO-Z]\b", "12", spec) for name, spec in network.inputs.items()}
    inputs = [f"{name}={spec}" for name, spec in sizes.items()]
    if network.name in REFUSED:
        with pytest.raises(UsageError, match=REFUSED[network.name]):
            assert_same_again(imported(network.build(), *inputs).graph)
        return
    back = assert_same_again(imported(network.build(), *inputs).graph)
    found = align(back.graph, back.found.graph)
    if network.name in OTHERWISE:
        assert found.differences
        return
    assert found.complete
    for ours, theirs in found.parameters.items():
        assert np.array_equal(back.weights[ours], back.found.weights[theirs])
