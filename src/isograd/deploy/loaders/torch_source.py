"""Loads an emitted PyTorch module: model.py with weights.safetensors beside it."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array; ``options`` holds ``class_name`` and
    ``call``: ``grad``, ``no-grad``, ``inference-mode`` or ``compile``."""
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    model = runpy.run_path(str(Path(folder) / "model.py"))[options["class_name"]]()
    model.load_state_dict(load_file(Path(folder) / "weights.safetensors"))
    model.eval()
    how = options["call"]
    function = torch.compile(model) if how == "compile" else model
    recording = {
        "grad": torch.enable_grad,
        "inference-mode": torch.inference_mode,
    }.get(how, torch.no_grad)

    def call(*inputs: np.ndarray) -> np.ndarray:
        with recording():
            return function(*map(torch.from_numpy, inputs)).detach().float().numpy()

    return call
