"""Loads a package that AOTInductor compiled; nothing is compiled any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array."""
    import torch
    from torch._inductor import aoti_load_package

    torch.set_num_threads(threads)
    model = aoti_load_package(str(Path(folder) / "model.pt2"))

    def call(*inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(*map(torch.from_numpy, inputs)).numpy()

    return call
