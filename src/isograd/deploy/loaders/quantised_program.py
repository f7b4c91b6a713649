"""Loads a quantised program that torch.export wrote, and has inductor compile it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def load(folder: str, options: dict[str, Any], threads: int) -> Callable[..., np.ndarray]:
    """A function from input arrays to the output array.

    ``options`` holds ``dynamic``: False where it has to be compiled for each batch size by itself,
    None where torch.compile may see for itself.
    """
    import torch
    import torch._dynamo.config
    import torch._inductor.config
    import torchao.quantization.pt2e.quantizer.x86_inductor_quantizer  # noqa: F401  # its passes

    torch.set_num_threads(threads)
    torch._inductor.config.freezing = True  # weights may then be packed for int8 products
    torch._dynamo.config.recompile_limit = 64  # batch sizes; those beyond would run op by op
    program = torch.export.load(str(Path(folder) / "model.pt2")).module()
    # its forward alone: the module would check the inputs in Python in every call, for 0.1 ms
    model = torch.compile(program.forward, dynamic=options["dynamic"])

    def call(*inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(*map(torch.from_numpy, inputs)).numpy()

    return call
