"""What training means, defined once for every framework."""

from isograd.training.losses import LOSSES, Loss
from isograd.training.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop
from isograd.training.recipe import Recipe

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "Loss",
    "Optimizer",
    "RMSprop",
    "Recipe",
]
