"""Loss scaling, defined once for all sides: what keeps gradients in float16's range."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LossScale:
    """The loss is multiplied by a scale before the backward pass, gradients are divided by it.

    Where a gradient is not finite, the step is left out and the scale divided by ``factor``; after
    ``interval`` steps in a row that were not, it is multiplied by it. Source: Micikevicius et al.,
    Mixed Precision Training, 2018, sections 3.2 and 4.3; the numbers are ``torch.amp.GradScaler``'s
    defaults (Keras' LossScaleOptimizer starts at 2**15 and is the same beside that).
    """

    initial: float = 2.0**16
    factor: float = 2.0
    interval: int = 2000


LOSS_SCALE = LossScale()
"""The one that all sides use."""
