"""The optimizer definitions, checked by hand where a hand is enough."""

import numpy as np
import pytest

from isograd.training import OPTIMIZERS, SGD, Adam, AdamW, Recipe, RMSprop


def run(optimizer, gradients, start=1.0):
    slots = {slot: np.zeros(1) for slot in optimizer.slots}
    parameter = np.array([start])
    for step, gradient in enumerate(gradients, 1):
        parameter = optimizer.update(parameter, np.array([gradient]), slots, step)
    return float(parameter[0])


def test_plain_descent_follows_the_gradient() -> None:
    assert run(SGD(0.1), [2.0, 3.0]) == pytest.approx(1.0 - 0.2 - 0.3)


def test_momentum_keeps_the_learning_rate_outside_of_the_velocity() -> None:
    assert run(SGD(0.1, momentum=0.5), [2.0, 4.0]) == pytest.approx(1.0 - 0.1 * 2 - 0.1 * 5)


def test_nesterov_looks_one_velocity_ahead() -> None:
    assert run(SGD(0.1, momentum=0.5, nesterov=True), [2.0]) == pytest.approx(1.0 - 0.1 * 3.0)


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient() -> None:
    for gradient in (1e-3, 1.0, 1e3):
        assert run(Adam(0.1), [gradient]) == pytest.approx(0.9, abs=1e-5)


def test_adam_adds_epsilon_after_the_bias_correction() -> None:
    # With gradient = epsilon the corrected form takes half a step, the "epsilon hat" form far less.
    assert run(Adam(0.1, epsilon=1e-8), [1e-8]) == pytest.approx(0.95)


def test_adamw_decays_by_the_learning_rate_times_the_decay() -> None:
    assert run(AdamW(0.1, weight_decay=0.5), [0.0]) == pytest.approx(0.95)


def test_rmsprop_adds_epsilon_outside_of_the_root() -> None:
    # Inside the root, epsilon = 1 would make the denominator sqrt(2) here and not 2.
    assert run(RMSprop(0.1, rho=0.0, epsilon=1.0), [1.0]) == pytest.approx(0.95)


def test_rmsprop_keeps_the_learning_rate_outside_of_the_momentum() -> None:
    optimizer = RMSprop(0.1, rho=0.0, epsilon=0.0, momentum=0.5)
    assert run(optimizer, [2.0, 2.0]) == pytest.approx(1.0 - 0.1 - 0.15)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_report_shows_every_hyper_parameter(name: str) -> None:
    shown = OPTIMIZERS[name]().to_dict()
    assert shown["name"] == name
    assert "learning_rate" in shown


def test_an_unknown_loss_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(Exception, match="Did you mean 'cross_entropy'"):
        Recipe(loss="cros_entropy")
