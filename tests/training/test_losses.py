"""The definitions of the losses hold what their docstrings say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.training import LOSSES
from isograd.training.losses import IGNORED


def example(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    outputs = generator.normal(0, 2, (5, 3))
    targets = {
        "cross_entropy": generator.integers(0, 3, 5),
        "binary_cross_entropy": generator.integers(0, 2, (5, 3)).astype(float),
        "mean_squared_error": generator.normal(0, 1, (5, 3)),
        "token_cross_entropy": np.append(generator.integers(0, 3, 4), IGNORED),
    }
    return outputs, targets[name]


def differences(name: str, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    found = np.zeros_like(outputs)
    for index in np.ndindex(outputs.shape):
        shift = np.zeros_like(outputs)
        shift[index] = 1e-6
        value = LOSSES[name].value
        found[index] = (value(outputs + shift, targets) - value(outputs - shift, targets)) / 2e-6
    return found


@pytest.mark.parametrize("name", LOSSES)
@given(seed=st.integers(0, 10_000))
def test_the_analytic_gradient_is_the_slope_of_the_value(name: str, seed: int) -> None:
    outputs, targets = example(name, seed)
    gradient = LOSSES[name].gradient(outputs, targets)
    np.testing.assert_allclose(gradient, differences(name, outputs, targets), atol=1e-8)


def test_a_gradient_without_the_mean_over_the_batch_would_be_noticed() -> None:
    outputs, targets = example("cross_entropy", 0)
    wrong = LOSSES["cross_entropy"].gradient(outputs, targets) * len(targets)
    assert np.abs(wrong - differences("cross_entropy", outputs, targets)).max() > 1e-2


def test_binary_cross_entropy_stays_finite_for_extreme_logits() -> None:
    logits, targets = np.array([[1000.0], [-1000.0]]), np.array([[0.0], [1.0]])
    loss = LOSSES["binary_cross_entropy"]
    assert loss.value(logits, targets) == 1000.0
    np.testing.assert_array_equal(loss.gradient(logits, targets), [[0.5], [-0.5]])


def test_uniform_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    value = LOSSES["cross_entropy"].value(np.zeros((4, 10)), np.arange(4))
    assert value == pytest.approx(np.log(10))


def test_quality_is_accuracy_for_classifiers() -> None:
    assert LOSSES["cross_entropy"].quality(np.eye(4), np.array([0, 1, 2, 0])) == 0.75
    logits, targets = np.array([[2.0], [-1.0]]), np.array([[1.0], [1.0]])
    assert LOSSES["binary_cross_entropy"].quality(logits, targets) == 0.5


def test_tokens_that_are_left_out_count_in_no_mean_and_get_no_gradient() -> None:
    logits = np.random.default_rng(0).normal(0, 2, (2, 3, 5))
    targets = np.array([[1, IGNORED, 4], [IGNORED, IGNORED, 0]])
    loss, kept = LOSSES["token_cross_entropy"], targets != IGNORED
    assert loss.value(logits, targets) == pytest.approx(
        LOSSES["cross_entropy"].value(logits[kept], targets[kept])
    )
    assert (loss.gradient(logits, targets)[~kept] == 0).all()
    sure = 9.0 * (np.arange(5) == np.where(kept, targets, 2)[..., None])
    assert loss.quality(sure, targets) == 1.0


def test_a_loss_is_named_as_it_can_be_asked_for() -> None:
    assert [loss.name for loss in LOSSES.values()] == list(LOSSES)
    assert all(loss.standard for loss in LOSSES.values())
