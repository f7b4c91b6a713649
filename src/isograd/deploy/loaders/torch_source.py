"""Loads an emitted PyTorch module: model.py with weights.safetensors beside it."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array; ``options`` holds ``class_name``,
    ``call`` (``grad``, ``no-grad``, ``inference-mode`` or ``compile``) and perhaps ``autocast``:
    whether matrix products and convolutions are done in bfloat16."""
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    model = runpy.run_path(str(Path(folder) / "model.py"))[options["class_name"]]()
    # Weights are taken as they are stored, in whatever precision that is.
    model.load_state_dict(load_file(Path(folder) / "weights.safetensors"), assign=True)
    model.eval()
    how = options["call"]
    if how == "compile":
        torch._dynamo.config.allow_rnn = True  # nn.LSTM, nn.GRU and nn.RNN are compiled too
    function = torch.compile(model) if how == "compile" else model
    recording = {
        "grad": torch.enable_grad,
        "inference-mode": torch.inference_mode,
    }.get(how, torch.no_grad)
    bfloat16 = options.get("autocast", False)

    def call(*inputs: np.ndarray) -> np.ndarray:
        with recording(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return function(*map(torch.from_numpy, inputs)).detach().float().numpy()

    return call
