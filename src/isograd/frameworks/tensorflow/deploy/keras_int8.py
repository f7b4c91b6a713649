"""Keras' own quantisation: int8 kernels, activations quantised at run time."""

from __future__ import annotations

from safetensors.numpy import save_file

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import UsageError
from isograd.frameworks.tensorflow.deploy.network import SOURCE, network
from isograd.frameworks.tensorflow.deploy.source import WEIGHTS, options


def build(order: Order) -> Artefact:
    """``model.quantize("int8")``, with the source. Keras' own file format takes ten kilobytes more.

    Raises `UsageError` where the network has no layer that Keras quantises.
    """
    made = network(order, order.folder)
    made.model.quantize("int8")
    if not any(variable.dtype == "int8" for variable in made.model.variables):
        raise UsageError(
            "Keras quantises Dense, EinsumDense and Embedding layers; this network has none.",
            hint="tensorflow/litert-int8-static quantises convolutions too.",
        )
    state = {str(place): v.numpy() for place, v in enumerate(made.model.variables)}
    save_file(state, order.folder / WEIGHTS)
    return Artefact(
        files=(SOURCE, WEIGHTS),
        loader="tensorflow_source",
        emitted=made.emitted,
        options={**options(made, "function"), "quantised": True},
        notes=("Dense and Embedding layers are int8; all else, convolutions too, is float32.",),
    )
