"""Recipes: the steps around the optimizer's rule, and the differences between two of them."""

from dataclasses import replace

import numpy as np
import pytest

from isograd.training import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Clipping,
    Decay,
    Initialiser,
    Loss,
    Recipe,
    RMSprop,
    differences,
)

START = {"w": np.array([1.0, -2.0]), "b": np.array([0.5])}


def trained(recipe: Recipe, steps: int = 3) -> np.ndarray:
    parameters, state = dict(START), recipe.start(START)
    for step in range(1, steps + 1):
        gradients = {name: np.sin(step + array) for name, array in parameters.items()}
        parameters = recipe.update(parameters, gradients, state, step)
    return np.concatenate(list(parameters.values()))


MOMENTUM = SGD(0.1, momentum=0.9)
RMS = RMSprop(0.1, momentum=0.9, epsilon=0.1)
FALLING = (0.1, 0.05, 0.01)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Recipe(optimizer=Adam(epsilon=0.1)),) * 2,
        (Recipe(optimizer=MOMENTUM, schedule=FALLING),) * 2,
    ],
)
def test_equal_recipes_train_alike(one, other):
    np.testing.assert_array_equal(trained(one), trained(other))


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        (Recipe(optimizer=Adam(epsilon=0.1)), {"epsilon_form": "hat"}),
        (Recipe(optimizer=Adam(epsilon=0.1)), {"amsgrad": True}),
        (Recipe(optimizer=Adam()), {"single": True}),
        (Recipe(optimizer=MOMENTUM, schedule=FALLING), {"rate_inside": True}),
        (Recipe(optimizer=MOMENTUM), {"dampening": 0.5}),
        (Recipe(optimizer=MOMENTUM), {"nesterov": True}),
        (Recipe(optimizer=MOMENTUM), {"single": True}),
        (Recipe(optimizer=RMS), {"epsilon_form": "inside"}),
        (Recipe(optimizer=RMS), {"centered": True}),
        (Recipe(optimizer=RMS, schedule=FALLING), {"rate_inside": True}),
        (Recipe(optimizer=Adagrad(epsilon=0.1)), {"epsilon_form": "inside"}),
        (Recipe(optimizer=Adagrad()), {"initial": 0.1}),
        (Recipe(optimizer=Adagrad()), {"rate_decay": 0.1}),
    ],
)
def test_every_form_of_an_optimizer_is_another_training(recipe, changes):
    twin = replace(recipe, optimizer=replace(recipe.optimizer, **changes))
    assert np.abs(trained(recipe) - trained(twin)).max() > 1e-10
    (found,) = differences(recipe, twin)
    assert found.path == f"optimizer.{next(iter(changes))}"
    np.testing.assert_array_equal(trained(found.apply(twin)), trained(recipe))


def test_the_rate_inside_the_velocity_is_the_same_while_it_is_constant():
    inside = replace(MOMENTUM, rate_inside=True)
    np.testing.assert_allclose(
        trained(Recipe(optimizer=MOMENTUM)), trained(Recipe(optimizer=inside)), rtol=1e-15
    )


PLAIN = Recipe(optimizer=MOMENTUM)
DECAYING = replace(PLAIN, decay=Decay(0.1, "coupled"))


@pytest.mark.parametrize(
    ("one", "other", "paths"),
    [
        (PLAIN, replace(PLAIN, clipping=Clipping("value", 0.5)), ["clipping"]),
        (PLAIN, DECAYING, ["decay"]),
        (DECAYING, replace(PLAIN, decay=Decay(0.1, "decoupled")), ["decay.form"]),
        (DECAYING, replace(PLAIN, decay=Decay(0.1, "coupled", ("b",))), ["decay.spared"]),
        (
            replace(PLAIN, clipping=Clipping("norm", 0.5)),
            replace(PLAIN, clipping=Clipping("global_norm", 0.5)),
            ["clipping"],
        ),
        (
            replace(PLAIN, clipping=Clipping("norm", 0.5)),
            replace(PLAIN, clipping=Clipping("norm", 0.5, 0.1)),
            ["clipping.epsilon"],
        ),
        (PLAIN, replace(PLAIN, schedule=FALLING), ["schedule"]),
        (PLAIN, replace(PLAIN, frozen=("b",)), ["frozen"]),
        (PLAIN, Recipe(optimizer=Adam()), ["optimizer"]),
    ],
)
def test_what_is_around_the_rule_can_be_changed_by_itself(one, other, paths):
    assert np.abs(trained(one) - trained(other)).max() > 1e-6
    found = differences(one, other)
    assert [difference.path for difference in found] == paths
    made = other
    for difference in found:
        made = difference.apply(made)
    np.testing.assert_array_equal(trained(made), trained(one))


def test_clipping_keeps_what_is_short():
    gradients = {"a": np.array([3.0, 4.0]), "b": np.array([12.0])}
    assert Clipping("global_norm", 13.0).apply(gradients)["b"] == 12.0
    short = Clipping("global_norm", 6.5).apply(gradients)
    np.testing.assert_allclose(short["a"], [1.5, 2.0])
    np.testing.assert_allclose(Clipping("norm", 2.5).apply(gradients)["a"], [1.5, 2.0])
    np.testing.assert_allclose(Clipping("value", 3.5).apply(gradients)["a"], [3.0, 3.5])


def test_adamw_is_adam_with_decoupled_decay():
    one = Recipe(optimizer=AdamW(0.1, weight_decay=0.2))
    other = Recipe(optimizer=Adam(0.1), decay=Decay(0.2, "decoupled"))
    np.testing.assert_array_equal(trained(one), trained(other))
    assert differences(one, other) == []


def test_a_loss_of_another_kind_is_one_difference():
    one, other = Recipe(Loss(smoothing=0.1)), Recipe("mean_squared_error")
    assert [found.path for found in differences(one, other)] == ["loss"]
    (found,) = differences(one, Recipe())
    assert (found.path, found.reference, found.twin) == ("loss.smoothing", 0.1, 0.0)


def test_parameters_are_renamed_wherever_they_are_named():
    recipe = Recipe(
        decay=Decay(0.1, spared=("b",)), frozen=("w",), initialisers={"b": Initialiser("normal", 1)}
    )
    found = recipe.renamed({"b": "fc.bias"})
    assert found.decay.spared == ("fc.bias",)
    assert found.frozen == ("w",)
    assert list(found.initialisers) == ["fc.bias"]


def test_only_standard_recipes_are_followed_by_every_mode():
    assert Recipe().standard
    assert Recipe("mean_squared_error", AdamW()).standard
    assert not Recipe(optimizer=Adam(epsilon_form="hat")).standard
    assert not Recipe(Loss(reduction="sum")).standard
    assert not Recipe(clipping=Clipping("value", 1.0)).standard


def test_initialisers_are_estimated_from_one_draw():
    generator = np.random.default_rng(0)
    uniform = Initialiser.estimated(generator.uniform(-0.2, 0.2, (50, 40)))
    assert uniform.kind == "uniform"
    assert uniform.scale == pytest.approx(0.2, rel=0.01)
    normal = Initialiser.estimated(generator.normal(0, 0.3, (50, 40)))
    assert normal.kind == "normal"
    assert normal.scale == pytest.approx(0.3, rel=0.05)
    assert Initialiser.estimated(np.zeros(3)) == Initialiser("constant", 0.0, read=False)
