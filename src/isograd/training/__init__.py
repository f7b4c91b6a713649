"""What training means, defined once for every framework."""

from isograd.training.description import DataSummary, Initialiser
from isograd.training.difference import RecipeDifference, differences
from isograd.training.gradients import Clipping, Decay
from isograd.training.identification import identify
from isograd.training.losses import LOSSES, Loss
from isograd.training.optimizers import (
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
)
from isograd.training.recipe import Recipe, State
from isograd.training.train_spec import TrainSpec

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Clipping",
    "DataSummary",
    "Decay",
    "Initialiser",
    "Loss",
    "Optimizer",
    "RMSprop",
    "Recipe",
    "RecipeDifference",
    "State",
    "TrainSpec",
    "differences",
    "identify",
]
