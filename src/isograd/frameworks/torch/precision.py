"""Mixed precision in PyTorch: ``torch.autocast`` and, for float16, ``torch.amp.GradScaler``."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from isograd.frameworks.protocol import Plan
from isograd.training.loss_scale import LOSS_SCALE


def autocast(plan: Plan) -> AbstractContextManager[object]:
    """What a forward pass runs under. Casts of weights are kept for no second use: a trace would
    record the kept ones as constants, and no weight is used twice but where it is tied."""
    if plan.precision == "float32":
        return nullcontext()
    dtype = getattr(torch, plan.precision)
    return torch.autocast(torch.device(plan.device).type, dtype=dtype, cache_enabled=False)


def make_scaler(plan: Plan) -> torch.amp.GradScaler | None:
    """What keeps gradients in float16's range; None where nothing needs it."""
    if plan.precision != "float16":
        return None
    return torch.amp.GradScaler(
        torch.device(plan.device).type,
        init_scale=LOSS_SCALE.initial,
        growth_factor=LOSS_SCALE.factor,
        backoff_factor=1 / LOSS_SCALE.factor,
        growth_interval=LOSS_SCALE.interval,
    )
