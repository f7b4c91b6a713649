"""TensorFlow's forms: one module for each family, which offers ``build(order) -> Artefact``."""

from __future__ import annotations

from isograd.deploy import families
from isograd.deploy.artefact import Artefact, Order

BUILDERS: dict[str, str] = {
    "tensorflow/eager": "source",
    "tensorflow/function": "source",
    "tensorflow/function-plain": "source",
    "tensorflow/xla": "source",
    "tensorflow/bfloat16": "source",
    "tensorflow/saved-model": "saved_model",
    "tensorflow/litert": "litert",
    "tensorflow/litert-int8-dynamic": "litert",
    "tensorflow/litert-int8-static": "litert",
    "tensorflow/litert-int8-qat": "qat",
    "tensorflow/keras-int8": "keras_int8",
    "tensorflow/onnx": "onnx",
}
"""Who builds which candidate."""


def build(order: Order) -> Artefact:
    """Builds ``order.candidate``, in a process that is set up for TensorFlow; see
    `isograd.deploy.families.build`."""
    return families.build(order, __name__, BUILDERS)
