"""LiteRT's format (the former TensorFlow Lite): in float32, and in int8."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import UsageError
from isograd.frameworks.tensorflow.deploy.flat import flatten_products
from isograd.frameworks.tensorflow.deploy.network import Network, network
from isograd.frameworks.tensorflow.deploy.slim import slim
from isograd.ir.mapping import Array

FILE = "model.tflite"

EXAMPLES = 500
"""How many calibration examples the ranges are taken from, at most."""

NOTES = {
    "tensorflow/litert-int8-dynamic": "Weights of fewer than 1024 numbers stay in float32.",
    "tensorflow/litert-int8-static": "Inputs and outputs are float32, and quantised inside.",
    "tensorflow/litert-int8-qat": "Inputs and outputs are float32, and quantised inside.",
}


def build(order: Order) -> Artefact:
    """Converted by ``tf.lite.TFLiteConverter``, for an open batch size."""
    with tempfile.TemporaryDirectory() as scratch:
        made = network(order, Path(scratch))
        return artefact(made)


def artefact(made: Network) -> Artefact:
    """The network's model as it is now, in the form that its order wants.

    Raises `UsageError` where it has operations that LiteRT has not.
    """
    order = made.order
    (order.folder / FILE).write_bytes(slim(_converted(made)))
    return Artefact(
        files=(FILE,),
        loader="litert",
        emitted=made.emitted,
        options={"file": FILE},
        notes=(NOTES[order.candidate],) if order.candidate in NOTES else (),
    )


def _converted(made: Network) -> bytes:
    flatten_products(made.model)
    frozen = convert_variables_to_constants_v2(made.function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    if made.order.candidate != "tensorflow/litert":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if made.order.candidate not in ("tensorflow/litert", "tensorflow/litert-int8-dynamic"):
        converter.representative_dataset = lambda: _examples(made.calibration)
    try:
        return converter.convert()
    except Exception as error:  # the converter's own class is not public
        raise _refusal(error) from error


def _examples(calibration: tuple[Array, ...]) -> Iterator[list[Array]]:
    for row in range(min(EXAMPLES, len(calibration[0]))):
        yield [array[row : row + 1] for array in calibration]


def _refusal(error: Exception) -> UsageError:
    """In words, with the operations that the format lacks where that is why."""
    lacking = sorted(set(re.findall(r"'tf\.(\w+)' op", str(error))))
    if not lacking:
        return UsageError(f"LiteRT's converter failed: {str(error).strip().splitlines()[0]}")
    return UsageError(
        f"LiteRT has no operation for TensorFlow's {', '.join(lacking)}.",
        hint="Its Select TensorFlow ops would need TensorFlow where the network runs: ship "
        "tensorflow/saved-model there.",
    )
