"""One order of the batches for every framework."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError


def batch_order(examples: int, batch_size: int, epochs: int, seed: int) -> NDArray[np.int64]:
    """Which examples each step takes: int64 [epochs, steps, batch_size].

    Each epoch is a fresh permutation drawn with NumPy's PCG64; the last partial batch is left out,
    so that every step has the same shape in every mode.

    Raises `UsageError` when a batch is empty or larger than the data set.
    """
    if batch_size < 1:
        raise UsageError(
            f"A batch of {batch_size} holds no example.", hint="Choose a larger --batch-size."
        )
    if batch_size > examples:
        raise UsageError(
            f"A batch of {batch_size} is larger than the data set ({examples} examples).",
            hint="Choose a smaller --batch-size.",
        )
    generator = np.random.default_rng(seed)
    steps = examples // batch_size
    epochs_rows = [generator.permutation(examples)[: steps * batch_size] for _ in range(epochs)]
    return np.array(epochs_rows, dtype=np.int64).reshape(epochs, steps, batch_size)
