"""Setting up PyTorch in a fresh process: both frameworks work under the same conditions."""

from __future__ import annotations

from collections.abc import Callable

import torch

from isograd.errors import UsageError


def configure(device: str, threads: int) -> None:
    """Fixes threads and the treatment of denormal numbers.

    TensorFlow flushes denormals to zero in its threads, PyTorch by default does not. Optimizer
    moments of inactive weights decay into that range, where a step takes several times as long, so
    both sides flush. TF32 is switched off: float32 means float32.

    Raises `UsageError` when the device is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "PyTorch sees no CUDA device.",
            hint="Use --device cpu, or install a CUDA build of torch (see the README).",
        )
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def settings() -> Callable[[], object]:
    """A function that puts back what executors change in this process: the precision that new
    tensors get, and the state of the random number generator."""
    dtype, state = torch.get_default_dtype(), torch.get_rng_state()

    def restore() -> None:
        torch.set_default_dtype(dtype)
        torch.set_rng_state(state)

    return restore
