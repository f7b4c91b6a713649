"""The emitted model itself, called in one of TensorFlow's ways."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

from isograd.deploy.artefact import Artefact, Order
from isograd.frameworks.tensorflow.deploy.network import SOURCE, Network, network
from isograd.ir.mapping import Array
from isograd.ir.ops import GRU, LSTM, RNN

WEIGHTS = "weights.safetensors"

CALLS = {
    "tensorflow/eager": "eager",
    "tensorflow/function": "function",
    "tensorflow/function-plain": "function-plain",
    "tensorflow/xla": "xla",
    "tensorflow/bfloat16": "function",
}

NOTES = {
    "tensorflow/xla": "It is compiled in the first call, once more for each new batch size.",
    "tensorflow/bfloat16": "Weights are shipped in bfloat16. They are kept in it, too, but for "
    "networks with recurrent layers, which Keras cannot build in it: those have the policy "
    "mixed_bfloat16, which rounds float32 in every call.",
}


def build(order: Order) -> Artefact:
    """Source and weights, which is how a network of one's own is shipped with Keras."""
    made = network(order, order.folder)
    policy = _policy(order)
    (order.folder / SOURCE).write_text(made.emitted.source, encoding="utf-8")
    save_file(
        {name: _rounded(array, policy) for name, array in made.state.items()},
        order.folder / WEIGHTS,
    )
    return Artefact(
        files=(SOURCE, WEIGHTS),
        loader="tensorflow_source",
        emitted=made.emitted,
        options=options(made, CALLS[order.candidate], policy),
        notes=(NOTES[order.candidate],) if order.candidate in NOTES else (),
    )


def options(made: Network, call: str, policy: str = "float32") -> dict[str, Any]:
    """What the loader has to know."""
    return {
        "class_name": made.emitted.class_name,
        "inputs": [[spec.dtype.name, list(spec.shape[1:])] for spec in made.signature],
        "call": call,
        "policy": policy,
    }


def _policy(order: Order) -> str:
    """Keras draws the first weights of recurrent layers by a QR decomposition, which TensorFlow
    has not in bfloat16."""
    if order.candidate != "tensorflow/bfloat16":
        return "float32"
    recurrent = any(isinstance(node.op, (LSTM, GRU, RNN)) for node in order.graph.nodes)
    return "mixed_bfloat16" if recurrent else "bfloat16"


def _rounded(array: Array, policy: str) -> Array:
    floating = np.issubdtype(array.dtype, np.floating)
    return array.astype(ml_dtypes.bfloat16) if floating and policy != "float32" else array
