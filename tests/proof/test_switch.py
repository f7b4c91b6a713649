"""Going over to another framework or mode in the middle of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sides import side

from isograd import zoo
from isograd.frameworks.side import Side
from isograd.proof import make_trial
from isograd.proof.judge import judge
from isograd.proof.trial import Trial
from isograd.training import SGD, Adam, AdamW, Recipe, RMSprop

GRAPH = zoo.get("bce-mlp").build()
OPTIMIZERS = [Adam(), AdamW(), SGD(momentum=0.9), RMSprop(momentum=0.5)]
STEPS = 200


def trial_of(recipe: Recipe) -> Trial:
    trial = make_trial(GRAPH, recipe, None)
    return replace(trial, batches=np.resize(trial.batches, (STEPS, recipe.batch_size)))


def begin(one: Side, trial: Trial) -> None:
    one.set_state(trial.weights)
    one.load_data(trial.data, trial.labels)


def state_after(one: Side) -> dict[str, np.ndarray]:
    slots = one.get_optimizer_state()
    return one.get_state() | {f"{s} of {n}": a for s in slots for n, a in slots[s].items()}


def straight(label: str, recipe: Recipe, trial: Trial) -> dict[str, np.ndarray]:
    one = side(GRAPH, label, "float64", recipe)
    begin(one, trial)
    one.train(trial.batches)
    return state_after(one)


def switched(first: str, second: str, recipe: Recipe, trial: Trial) -> dict[str, np.ndarray]:
    half = STEPS // 2
    one, other = (side(GRAPH, label, "float64", recipe) for label in (first, second))
    begin(one, trial)
    one.train(trial.batches[:half])
    begin(other, trial)
    other.set_state(one.get_state())
    other.set_optimizer_state(half, one.get_optimizer_state())
    other.train(trial.batches[half:])
    return state_after(other)


@pytest.mark.parametrize(
    ("first", "second", "optimizer"),
    [
        *(("torch/eager", "tensorflow/function", optimizer) for optimizer in OPTIMIZERS),
        *(("tensorflow/function", "torch/eager", optimizer) for optimizer in OPTIMIZERS),
    ],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_a_switch_after_100_of_200_steps_changes_nothing(first, second, optimizer):
    recipe = Recipe("binary_cross_entropy", optimizer, batch_size=16)
    trial = trial_of(recipe)
    disturbed = [straight(first, recipe, trial.disturbed(seed)) for seed in (1, 2)]
    found = switched(first, second, recipe, trial)
    stage = judge("optimizer", straight(first, recipe, trial), found, disturbed)
    assert stage.verdict == "equivalent", stage


def test_a_switch_that_forgets_the_optimizer_is_found():
    recipe = Recipe("binary_cross_entropy", Adam(), batch_size=16)
    trial = trial_of(recipe)
    one, other = (side(GRAPH, label, "float64", recipe) for label in ("torch/eager", "torch/eager"))
    begin(one, trial)
    one.train(trial.batches[:100])
    begin(other, trial)
    other.set_state(one.get_state())
    other.train(trial.batches[100:])
    disturbed = [straight("torch/eager", recipe, trial.disturbed(1))]
    reference = straight("torch/eager", recipe, trial)
    stage = judge("optimizer", reference, state_after(other), disturbed)
    assert stage.verdict == "different"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("torch/eager", "tensorflow/session"),
        ("torch/eager", "tensorflow/xla"),
        ("torch/eager", "torch/jit"),
        ("tensorflow/eager", "torch/eager"),
    ],
)
def test_every_mode_takes_over_and_hands_over(first, second):
    recipe = Recipe("binary_cross_entropy", Adam(), batch_size=16)
    trial = trial_of(recipe)
    disturbed = [straight("torch/eager", recipe, trial.disturbed(seed)) for seed in (1, 2)]
    found = switched(first, second, recipe, trial)
    stage = judge("optimizer", straight("torch/eager", recipe, trial), found, disturbed)
    assert stage.verdict == "equivalent", stage
