"""Loads a network in LiteRT's format (the former TensorFlow Lite); TensorFlow is not needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array; ``options`` holds ``file``.

    An interpreter plans its memory for one batch size, so that there is one for each size that is
    called with. XNNPACK's kernels are in use by themselves, for the operations that they know.
    """
    from ai_edge_litert.interpreter import Interpreter

    path = str(Path(folder) / options["file"])
    interpreters: dict[int, Interpreter] = {}

    def planned(batch: int) -> Interpreter:
        interpreter = Interpreter(path, num_threads=threads)
        for given in interpreter.get_input_details():
            interpreter.resize_tensor_input(given["index"], [batch, *given["shape"][1:]])
        interpreter.allocate_tensors()
        return interpreter

    def call(*inputs: np.ndarray) -> np.ndarray:
        batch = len(inputs[0])
        if batch not in interpreters:
            interpreters[batch] = planned(batch)
        interpreter = interpreters[batch]
        for given, array in zip(_in_order(interpreter), inputs, strict=True):
            interpreter.set_tensor(given["index"], array)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return call


def _in_order(interpreter: Any) -> list[dict[str, Any]]:
    """The inputs, which are named ``input_0``, ``input_1``, ...: the format may reorder them."""
    return sorted(
        interpreter.get_input_details(),
        key=lambda given: int(given["name"].rpartition("input_")[2].partition(":")[0]),
    )
