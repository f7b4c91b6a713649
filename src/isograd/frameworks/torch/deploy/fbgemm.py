"""Int8 by PyTorch's own dynamic quantisation: layers on FBGEMM's kernels, as TorchScript.

Older than torchao and deprecated with it in place, but its kernels need no compiler where they
run, quantise activations themselves, and take LSTMs and GRUs.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn
from torch.ao.quantization import (
    default_dynamic_qconfig,
    per_channel_dynamic_qconfig,
    quantize_dynamic,
)

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import UsageError
from isograd.frameworks.torch.deploy import torchscript
from isograd.frameworks.torch.deploy.network import network

SCALES = {
    nn.Linear: per_channel_dynamic_qconfig,
    nn.LSTM: default_dynamic_qconfig,
    nn.GRU: default_dynamic_qconfig,
}
"""The layers that have kernels: with a scale for each row of a weight, or one for all of it."""

OLD = (
    "PyTorch deprecates torch.ao.quantization.quantize_dynamic in favour of torchao, and "
    "TorchScript in favour of torch.export; both still run."
)


def build(order: Order) -> Artefact:
    """``model.pt``, which needs no source and no compiler.

    Raises `UsageError` where no layer is one that is quantised, or tracing cannot hold the network.
    """
    with TemporaryDirectory() as scratch, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the deprecations, which are in the notes
        made = network(order, Path(scratch))
        layers = sum(type(layer) in SCALES for layer in made.model.modules())
        if not layers:
            raise UsageError("FBGEMM has linear and recurrent layers, and this network has none.")
        quantize_dynamic(made.model, SCALES, inplace=True)
        torch.jit.save(torchscript.traced(made), str(order.folder / torchscript.FILE))
    told = f"Quantised are {layers} linear or recurrent layers; all others stay as they are."
    return Artefact((torchscript.FILE,), "torchscript", made.emitted, {}, (told, OLD))
