"""What Keras' own optimizers do otherwise than the definitions of `isograd.training.optimizers`."""

from __future__ import annotations

_EPSILON_HAT = "adds epsilon before the bias correction, and holds hyper-parameters in float32"

OPTIMIZERS: dict[str, str] = {
    "sgd": "sgd-form: Keras' SGD keeps the learning rate inside the velocity, and holds "
    "hyper-parameters in float32",
    "adam": f"adam-epsilon-form: Keras' Adam {_EPSILON_HAT}",
    "adamw": f"adam-epsilon-form: Keras' AdamW {_EPSILON_HAT}",
    "rmsprop": "rmsprop-epsilon-form: Keras' RMSprop has epsilon inside the root and the learning "
    "rate inside the momentum, and holds hyper-parameters in float32",
}
"""Optimizer name to the difference that an idiomatic run declares."""
