"""ONNX's format, by tf2onnx."""

from __future__ import annotations

import tempfile
from pathlib import Path

import tf2onnx

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import UsageError
from isograd.frameworks.tensorflow.deploy.flat import flatten_products
from isograd.frameworks.tensorflow.deploy.network import network

FILE = "model.onnx"

OPSET = 18
"""The newest one that tf2onnx 1.17 writes."""


def build(order: Order) -> Artefact:
    """Raises `UsageError` where tf2onnx cannot translate the network."""
    with tempfile.TemporaryDirectory() as scratch:
        made = network(order, Path(scratch))
        flatten_products(made.model)
        try:
            tf2onnx.convert.from_function(
                made.function,
                input_signature=made.signature,
                opset=OPSET,
                output_path=str(order.folder / FILE),
            )
        except (ValueError, NotImplementedError, KeyError, AttributeError) as error:
            raise UsageError(f"tf2onnx cannot translate it: {error}") from error
    return Artefact((FILE,), "onnx_runtime", made.emitted, {"file": FILE})
