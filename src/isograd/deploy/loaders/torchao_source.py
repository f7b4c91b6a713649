"""Loads an emitted PyTorch module whose linear layers hold int8 weights of torchao."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array; ``options`` holds ``class_name``."""
    import torch
    import torchao  # noqa: F401  # registers its operations
    from safetensors import safe_open
    from torchao.prototype.safetensors.safetensors_support import unflatten_tensor_state_dict

    torch.set_num_threads(threads)
    spec = importlib.util.spec_from_file_location("model", Path(folder) / "model.py")
    assert spec is not None
    assert spec.loader is not None
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)
    model = getattr(source, options["class_name"])()
    with safe_open(Path(folder) / "weights.safetensors", "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        state, left = unflatten_tensor_state_dict(tensors, file.metadata())
    whole = {name.removeprefix("model."): tensor for name, tensor in (state | left).items()}
    model.load_state_dict(whole, assign=True)
    compiled = torch.compile(model.eval())

    def call(*inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return compiled(*map(torch.from_numpy, inputs)).numpy()

    return call
