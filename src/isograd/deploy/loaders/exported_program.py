"""Loads a program that torch.export.save wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array."""
    import torch

    torch.set_num_threads(threads)
    model = torch.export.load(str(Path(folder) / "model.pt2")).module()

    def call(*inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(*map(torch.from_numpy, inputs)).numpy()

    return call
