"""Training scripts against each other: what the loss makes of a network's last softmax."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import keras
import pytest
import torch
from torch import nn

from isograd import TrainSpec
from isograd.run.courses import Plan
from isograd.run.explain import explain


@pytest.fixture(autouse=True)
def single_precision() -> None:
    """As scripts have it, whatever other tests want of Keras."""
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def keras_side(optimizer: keras.Optimizer) -> TrainSpec:
    def network() -> keras.Model:
        examples = keras.Input((28, 28))
        x = keras.layers.Dense(5, activation="relu")(keras.layers.Flatten()(examples))
        return keras.Model(examples, keras.layers.Dense(10, activation="softmax")(x))

    loss = keras.losses.SparseCategoricalCrossentropy()
    return TrainSpec(network, loss, optimizer, data="digits", batch_size=64)


def torch_side(*more: nn.Module) -> TrainSpec:
    def network() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 5), nn.ReLU(), nn.Linear(5, 10), *more)

    return TrainSpec(
        network,
        nn.CrossEntropyLoss(),
        partial(torch.optim.SGD, lr=0.01),
        data="digits",
        batch_size=64,
        inputs=["x=float32[N,28,28]"],
    )


def test_a_softmax_under_a_loss_that_applies_it_is_named_first():
    found = explain(
        torch_side(nn.Softmax(dim=1)), keras_side(keras.optimizers.SGD(0.01)), recorded=(1, 3)
    )
    assert found.verdict == "different"
    assert [cause.id for cause in found.causes] == ["double-softmax", "initialisers"]
    first = found.causes[0]
    assert (first.before.verdict, first.before.stage) == ("different", "loss")
    assert first.after.verdict == "equivalent"
    assert found.location is not None
    assert found.location.divergences[0].stage == "loss"


def test_a_softmax_that_the_loss_reckons_with_makes_other_outputs_and_no_other_training():
    plan = Plan(epochs=1, seeds=1)
    found = explain(
        torch_side(), keras_side(keras.optimizers.Adam(1e-3)), recorded=(1, 3), plan=plan
    )
    assert [cause.id for cause in found.causes] == [
        "outputs-are-probabilities", "optimizer-kind", "initialisers",
    ]  # fmt: skip
    curves = {one.name: one.curves[0] for one in found.training}
    reference = curves["reference"].loss
    assert curves["twin, mended"].loss == reference
    assert abs(curves["only outputs-are-probabilities"].loss[0] - reference[0]) < 1e-12
    assert abs(curves["only optimizer-kind"].loss[0] - reference[0]) > 1e-3


def test_a_script_is_equivalent_to_itself():
    found = explain(torch_side(), torch_side(), recorded=(1, 3))
    assert found.verdict == "equivalent"
    assert not found.causes


def test_what_is_not_understood_in_a_script_is_inconclusive():
    def odd(parameters) -> torch.optim.Optimizer:
        return torch.optim.Rprop(parameters)

    script = replace(torch_side(), optimizer=odd)
    found = explain(script, script, recorded=(1, 3))
    assert found.verdict == "inconclusive"
    assert "not understood" in found.rest
