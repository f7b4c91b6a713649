"""Loads an emitted Keras model: model.py with weights.safetensors beside it."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array; ``options`` holds ``class_name``,
    ``inputs`` (of each its dtype and its shape without the batch), ``policy`` (Keras' dtypes) and
    ``call``: ``eager``, ``function``, ``function-plain`` or ``xla``. Where ``quantised``
    is true, weights are int8, and named by their places in ``model.variables``."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf
    from safetensors.numpy import load_file

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if options["call"] == "function-plain":
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    keras.config.set_dtype_policy(options["policy"])
    model = runpy.run_path(str(Path(folder) / "model.py"))[options["class_name"]]()

    def evaluate(*inputs: tf.Tensor) -> tf.Tensor:
        outputs = model(inputs[0] if len(inputs) == 1 else list(inputs), training=False)
        return tf.cast(outputs, "float32") if outputs.dtype == "bfloat16" else outputs

    evaluate(*(tf.zeros([1, *shape], dtype) for dtype, shape in options["inputs"]))
    if options.get("quantised"):
        model.quantize("int8")
    for name, array in load_file(Path(folder) / "weights.safetensors").items():
        variable = model.variables[int(name)] if name.isdigit() else attrgetter(name)(model)
        variable.assign(array)
    function = evaluate
    if options["call"] != "eager":
        signature = [tf.TensorSpec([None, *shape], dtype) for dtype, shape in options["inputs"]]
        compiled = options["call"] == "xla"
        function = tf.function(evaluate, input_signature=signature, jit_compile=compiled)

    def call(*inputs: np.ndarray) -> np.ndarray:
        return function(*map(tf.convert_to_tensor, inputs)).numpy()

    return call
