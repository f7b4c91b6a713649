"""Every form of a loss: its gradient is the slope of its value, and it is not its neighbour's."""

from dataclasses import replace

import numpy as np
import pytest

from isograd.errors import UsageError
from isograd.training import Loss

CLASSES = 4
WEIGHTS = (0.5, 1.0, 2.0, 3.0)
CROSS = Loss("cross_entropy")
SHARES = replace(CROSS, takes="probabilities")
BINARY = Loss("binary_cross_entropy")
CHANCES = replace(BINARY, takes="probabilities")

FORMS = {
    "logits": CROSS,
    "sum": replace(CROSS, reduction="sum"),
    "batch": replace(CROSS, reduction="batch"),
    "smooth": replace(CROSS, smoothing=0.1),
    "ignored": replace(CROSS, ignored=1),
    "weighted": replace(CROSS, class_weights=WEIGHTS),
    "log": replace(CROSS, takes="log_probabilities"),
    "through": replace(CROSS, looks_through="softmax"),
    "through sigmoid": replace(CROSS, looks_through="sigmoid"),
    "shares": SHARES,
    "clipped": replace(SHARES, clipped=0.1),
    "categorical": replace(SHARES, clipped=0.1, normalised="before_clipping"),
    "sparse": replace(SHARES, clipped=0.1, normalised="after_clipping"),
    "binary": BINARY,
    "binary smooth": replace(BINARY, smoothing=0.2),
    "binary through": replace(BINARY, looks_through="sigmoid"),
    "chances": CHANCES,
    "chances clipped": replace(CHANCES, clipped=0.3),
    "squares": Loss("mean_squared_error"),
    "squares of means": Loss("mean_squared_error", reduction="sum_of_means"),
    "squares of the batch": Loss("mean_squared_error", reduction="batch"),
    "absolute": Loss("mean_absolute_error"),
    "huber": Loss("huber", delta=0.7),
}


def example(loss: Loss) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(7)
    outputs = generator.normal(0, 2, (6, CLASSES))
    if loss.takes != "logits" or loss.looks_through:
        outputs = np.exp(outputs) / (np.exp(outputs).sum(-1, keepdims=True) + 0.3)
    if loss.takes == "log_probabilities":
        outputs = np.log(outputs)
    if loss.kind == "cross_entropy":
        return outputs, np.array([0, 1, 2, 3, 1, 0])
    if loss.kind == "binary_cross_entropy":
        return outputs, generator.integers(0, 2, (6, CLASSES)).astype(float)
    return outputs, generator.normal(0, 2, (6, CLASSES))


def slope(loss: Loss, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    found = np.zeros_like(outputs)
    for index in np.ndindex(outputs.shape):
        shift = np.zeros_like(outputs)
        shift[index] = 1e-7
        ends = (loss.value(outputs + sign * shift, targets) for sign in (1, -1))
        found[index] = -np.subtract.reduce(list(ends)[::-1]) / 2e-7
    return found


@pytest.mark.parametrize("form", FORMS)
def test_the_gradient_is_the_slope_of_the_value(form):
    loss = FORMS[form]
    outputs, targets = example(loss)
    np.testing.assert_allclose(
        loss.gradient(outputs, targets), slope(loss, outputs, targets), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("logits", "sum"),
        ("logits", "batch"),
        ("logits", "smooth"),
        ("logits", "ignored"),
        ("logits", "weighted"),
        ("shares", "logits"),
        ("shares", "log"),
        ("shares", "through sigmoid"),
        ("shares", "clipped"),
        ("clipped", "categorical"),
        ("categorical", "sparse"),
        ("clipped", "sparse"),
        ("binary", "binary smooth"),
        ("chances", "binary"),
        ("chances", "chances clipped"),
        ("squares", "absolute"),
        ("squares", "squares of means"),
        ("squares", "huber"),
        ("absolute", "huber"),
    ],
)
def test_neighbours_differ(one, other):
    outputs, targets = example(FORMS[one])
    # A cross entropy of a whole row has one term a row: a batch of rows [2, 3, classes] tells.
    outputs = outputs.reshape(2, 3, CLASSES)
    targets = targets.reshape(2, 3, *targets.shape[1:])
    values = [FORMS[name].value(outputs, targets) for name in (one, other)]
    assert abs(values[0] - values[1]) > 1e-3 * abs(values[0])


def test_a_loss_that_looks_through_the_softmax_is_the_one_on_logits():
    logits, targets = example(CROSS)
    outputs = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    loss = FORMS["through"]
    assert loss.value(outputs, targets) == pytest.approx(CROSS.value(logits, targets), rel=1e-14)
    # Through the derivative of the softmax, the gradients are the same, too.
    slope = loss.gradient(outputs, targets)
    back = outputs * (slope - (slope * outputs).sum(-1, keepdims=True))
    np.testing.assert_allclose(back, CROSS.gradient(logits, targets), atol=1e-16)
    assert loss.behind_activation == CROSS


def test_an_ignored_class_leaves_the_mean():
    logits, targets = example(CROSS)
    kept = targets != 1
    value = FORMS["ignored"].value(logits, targets)
    assert value == pytest.approx(CROSS.value(logits[kept], targets[kept]))
    assert not FORMS["ignored"].gradient(logits, targets)[~kept].any()


def test_indices_serve_a_loss_of_distributions():
    logits, targets = example(CROSS)
    loss = replace(CROSS, targets="distribution")
    assert loss.value(logits, np.eye(CLASSES)[targets]) == loss.value(logits, targets)
    assert loss.value(logits, targets) == CROSS.value(logits, targets)


def test_classes_may_be_on_another_axis():
    logits, targets = example(CROSS)
    logits, targets = logits.reshape(2, 3, CLASSES), targets.reshape(2, 3)
    turned = replace(CROSS, axis=1)
    there = np.moveaxis(logits, -1, 1)
    assert turned.value(there, targets) == CROSS.value(logits, targets)
    gradient = turned.gradient(there, targets)
    np.testing.assert_array_equal(gradient, np.moveaxis(CROSS.gradient(logits, targets), -1, 1))


def test_columns_meet_rows_in_three_ways():
    outputs, targets = np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 3.0])
    loss = Loss("mean_squared_error")
    with pytest.raises(UsageError, match="targets of shape"):
        loss.value(outputs, targets)
    aligned, broadcast = (replace(loss, shapes=s) for s in ("aligned", "broadcast"))
    assert aligned.value(outputs, targets) == pytest.approx(1 / 3)
    assert broadcast.value(outputs, targets) == pytest.approx(((outputs - targets) ** 2).mean())
    for form in (aligned, broadcast):
        np.testing.assert_allclose(
            form.gradient(outputs, targets), slope(form, outputs, targets), atol=1e-6
        )


def test_the_floor_of_a_logarithm_has_a_gradient_of_its_own():
    loss = replace(CHANCES, floor=-100.0)
    sure, wrong = np.array([[0.0]]), np.array([[1.0]])
    assert loss.value(sure, wrong) == 100.0
    assert loss.gradient(sure, wrong) == pytest.approx(-1e12)
