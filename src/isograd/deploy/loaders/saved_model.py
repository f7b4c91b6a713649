"""Loads a SavedModel; the Python that made it is not needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array; ``options`` holds ``folder``."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    loaded = tf.saved_model.load(str(Path(folder) / options["folder"]))

    def call(*inputs: np.ndarray) -> np.ndarray:
        return loaded.serve(*map(tf.convert_to_tensor, inputs)).numpy()

    return call
