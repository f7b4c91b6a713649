"""The emitted module itself, called in one of PyTorch's ways."""

from __future__ import annotations

from safetensors.torch import save_file

from isograd.deploy.artefact import Artefact, Order
from isograd.frameworks.torch.deploy.network import SOURCE, WEIGHTS, network

CALLS = {
    "torch/eager": "no-grad",
    "torch/grad": "grad",
    "torch/inference-mode": "inference-mode",
    "torch/compile": "compile",
}

NOTES = {
    "torch/grad": "Called without torch.no_grad, it keeps what a backward pass would need.",
    "torch/compile": "It is compiled in the first call, once more when the batch size changes, and "
    "that takes a C++ compiler where it runs; torch/aot-inductor is compiled before.",
}


def build(order: Order) -> Artefact:
    """Source and weights, which is how a network in PyTorch is shipped most of the time."""
    made = network(order, order.folder)
    (order.folder / SOURCE).write_text(made.emitted.source, encoding="utf-8")
    save_file(made.state, order.folder / WEIGHTS)
    return Artefact(
        files=(SOURCE, WEIGHTS),
        loader="torch_source",
        emitted=made.emitted,
        options={"class_name": made.emitted.class_name, "call": CALLS[order.candidate]},
        notes=(NOTES[order.candidate],) if order.candidate in NOTES else (),
    )
