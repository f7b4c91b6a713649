"""Known causes of differences, planted in recipes of training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from isograd.training import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Clipping,
    DataSummary,
    Decay,
    Initialiser,
    Optimizer,
    Recipe,
    RMSprop,
)

Change = Callable[[Recipe], Recipe]

ADAM = Adam(learning_rate=1e-2)
ADAMW = AdamW(learning_rate=1e-2, weight_decay=0.1)
MOMENTUM = SGD(learning_rate=1e-2, momentum=0.9)
RMS = RMSprop(learning_rate=1e-3)

CLASSES, NUMBERS, TRUTHS = "cross_entropy", "mean_squared_error", "binary_cross_entropy"
ALL = (CLASSES, NUMBERS, TRUTHS)

BYTES = DataSummary(100, (4,), "float32", 127.0, 60.0, 0.0, 255.0)
SHARES = DataSummary(100, (4,), "float32", 0.5, 0.25, 0.0, 1.0)


@dataclass(frozen=True)
class RecipePlant:
    """A change of a recipe with one of ``losses`` and this ``optimizer``; ``before`` is made of the
    reference's recipe. ``harmless``: it changes nothing. ``classes`` is how many there must be."""

    id: str
    change: Change
    optimizer: Optimizer = ADAM
    losses: tuple[str, ...] = ALL
    before: Change = lambda recipe: recipe
    harmless: bool = False
    classes: int | None = None


def _loss(**changes: Any) -> Change:
    return lambda recipe: replace_in(recipe, loss=replace(recipe.loss, **changes))


def _optimizer(**changes: Any) -> Change:
    return lambda recipe: replace_in(recipe, optimizer=replace(recipe.optimizer, **changes))


def _whole(**changes: Any) -> Change:
    return lambda recipe: replace_in(recipe, **changes)


def replace_in(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe with other fields."""
    return replace(recipe, **changes)


RECIPES: tuple[RecipePlant, ...] = (
    RecipePlant("learning-rate", _optimizer(learning_rate=2e-2)),
    RecipePlant("betas", _optimizer(beta_2=0.99)),
    RecipePlant("adam-epsilon-form", _optimizer(epsilon_form="hat")),
    RecipePlant("optimizer-epsilon", _optimizer(epsilon=1e-7)),
    RecipePlant("float32-hyperparameters", _optimizer(single=True)),
    RecipePlant("amsgrad", _optimizer(amsgrad=True)),
    RecipePlant("optimizer-kind", _whole(optimizer=Adagrad(learning_rate=1e-2))),
    RecipePlant("momentum", _optimizer(momentum=0.8), MOMENTUM),
    RecipePlant("nesterov", _optimizer(nesterov=True), MOMENTUM),
    RecipePlant("dampening", _optimizer(dampening=0.1), MOMENTUM),
    RecipePlant("momentum-form", _optimizer(rate_inside=True), MOMENTUM, harmless=True),
    RecipePlant("rmsprop-epsilon-form", _optimizer(epsilon_form="inside"), RMS),
    RecipePlant("rmsprop-rho", _optimizer(rho=0.9), RMS),
    RecipePlant("rmsprop-centered", _optimizer(centered=True), RMS),
    RecipePlant("weight-decay", _whole(decay=Decay(0.1, "coupled"))),
    RecipePlant("weight-decay-form", _whole(optimizer=ADAM, decay=Decay(0.1, "coupled")), ADAMW),
    RecipePlant("gradient-clipping", _whole(clipping=Clipping("norm", 0.01))),
    RecipePlant("learning-rate-schedule", _whole(schedule=(1e-2, 9e-3, 8e-3))),
    RecipePlant(
        "loss-kind", _whole(loss=replace(Recipe(NUMBERS).loss, kind="huber")), losses=(NUMBERS,)
    ),
    RecipePlant("loss-reduction", _loss(reduction="sum"), MOMENTUM),
    RecipePlant("label-smoothing", _loss(smoothing=0.1), losses=(CLASSES,)),
    RecipePlant("ignored-index", _loss(ignored=1), losses=(CLASSES,)),
    RecipePlant(
        "class-weights", _loss(class_weights=(1.0, 2.0, 3.0, 4.0)), losses=(CLASSES,), classes=4
    ),
    RecipePlant("loss-broadcasting", _loss(shapes="broadcast"), losses=(NUMBERS,)),
    RecipePlant("loss-takes", _loss(takes="log_probabilities"), losses=(CLASSES,)),
    RecipePlant("last-partial-batch", _whole(drop_last=False)),
    RecipePlant("shuffling", _whole(shuffle=False)),
    RecipePlant("batch-size", _whole(batch_size=16)),
    RecipePlant("precision", _whole(precision="float16")),
    RecipePlant("epochs", _whole(epochs=7), before=_whole(epochs=5)),
    RecipePlant("data-scaling", _whole(data=BYTES), before=_whole(data=SHARES)),
    RecipePlant(
        "initialisers",
        _whole(initialisers={"weight": Initialiser("normal", 0.1)}),
        before=_whole(initialisers={"weight": Initialiser("uniform", 0.2)}),
    ),
)
"""All of them, planted in the twin's recipe."""


def recipe_plants(loss: str, classes: object) -> Iterator[RecipePlant]:
    """Those that a recipe with this loss, for so many classes, has a place for."""
    fitting = (plant for plant in RECIPES if loss in plant.losses)
    return (plant for plant in fitting if plant.classes in (None, classes))
