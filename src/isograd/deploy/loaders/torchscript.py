"""Loads a TorchScript file."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array; where ``options`` say ``optimize``, the
    graph is fitted to this processor first."""
    import torch

    torch.set_num_threads(threads)
    warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
    model = torch.jit.load(str(Path(folder) / "model.pt"))
    if options.get("optimize"):
        model = torch.jit.optimize_for_inference(model)

    def call(*inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(*map(torch.from_numpy, inputs)).numpy()

    return call
