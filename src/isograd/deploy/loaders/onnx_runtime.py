"""Loads a network in ONNX's format into ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays, in the order of the model's inputs, to its first output;
    ``options`` may hold ``file``, ``model.onnx`` by default."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(Path(folder) / options.get("file", "model.onnx")),
        settings,
        providers=["CPUExecutionProvider"],
    )
    names = [given.name for given in session.get_inputs()]
    outputs = [session.get_outputs()[0].name]

    def call(*inputs: np.ndarray) -> np.ndarray:
        return session.run(outputs, dict(zip(names, inputs, strict=True)))[0]

    return call
