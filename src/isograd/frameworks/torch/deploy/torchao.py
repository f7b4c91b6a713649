"""Int8 by torchao: the weights of linear layers, with activations quantised in every call."""

from __future__ import annotations

from safetensors.torch import save_file
from torch import nn
from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict
from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import UsageError
from isograd.frameworks.torch.deploy.network import SOURCE, WEIGHTS, network

OWNER = "model."
"""In front of all names: torchao 0.18 cannot read tensors back that belong to no module."""


def build(order: Order) -> Artefact:
    """Source and weights; each row of a weight has a scale, each row of activations gets one.

    Raises `UsageError` where no layer is one that torchao quantises.
    """
    made = network(order, order.folder)
    linear = sum(type(layer) is nn.Linear for layer in made.model.modules())
    if not linear:
        raise UsageError("torchao quantises linear layers, and this network has none.")
    quantize_(made.model, Int8DynamicActivationInt8WeightConfig())
    state = {f"{OWNER}{name}": tensor for name, tensor in made.model.state_dict().items()}
    tensors, metadata = flatten_tensor_state_dict(state)
    save_file(tensors, order.folder / WEIGHTS, metadata)
    return Artefact(
        files=(SOURCE, WEIGHTS),
        loader="torchao_source",
        emitted=made.emitted,
        options={"class_name": made.emitted.class_name},
        notes=(
            f"Quantised are the weights of {linear} linear layers; all other parameters stay as "
            "they are.",
            "It is compiled in the first call, which takes a C++ compiler where it runs: layer by "
            "layer, quantising activations takes longer than it saves.",
        ),
    )
