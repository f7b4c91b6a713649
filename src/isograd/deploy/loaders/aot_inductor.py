"""Loads a package that AOTInductor compiled; nothing is compiled any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array.

    This is the loader that C++ programs use. ``torch._inductor.aoti_load_package`` is one more
    layer around it, which compiles small programs, for many seconds, to see what the processor
    can do: where there is no compiler, it could not.
    """
    import torch

    torch.set_num_threads(threads)
    path = str(Path(folder) / "model.pt2")
    model = torch._C._aoti.AOTIModelPackageLoader(path, "model", False, 1, -1)

    def call(*inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model.boxed_run([torch.from_numpy(array) for array in inputs])[0].numpy()

    return call
