"""A user's own training, run as it is, does what the recipe that is read from it says."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

from isograd.frameworks import part
from isograd.frameworks.side import Side, emitted_as_it_is, plan
from isograd.run.pair import ORIGINAL
from isograd.scripts import Script, load_script
from isograd.training import Recipe, TrainSpec, differences

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(0, 1, (24, 5)).astype(np.float32)
CLASSES = GENERATOR.integers(0, 4, 24)
REALS = GENERATOR.normal(0, 1, (24, 4)).astype(np.float32)
BATCHES = np.stack([GENERATOR.permutation(24)[:8] for _ in range(100)])


@pytest.fixture
def single_precision() -> None:
    """As scripts have it, whatever other tests want of Keras."""
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def torch_net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4))


def keras_net(activation: str | None = None) -> keras.Model:
    keras.utils.set_random_seed(0)
    head = keras.layers.Dense(4, activation)
    return keras.Sequential([keras.layers.Input((5,)), head])


def side_of(script: Script) -> Side:
    model = script.model
    assert model.original is not None
    assert model.imported is not None
    emitted = emitted_as_it_is(model.imported)
    planned = plan(
        model.graph,
        emitted,
        None,
        ORIGINAL,
        Recipe("mean_squared_error", batch_size=8),
        dtype="float64",
        original=model.original,
    )
    executor = part(model.original.framework, "modes").open_executor(planned)
    return Side(model.graph, emitted, executor)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def followed(script: Script, targets: np.ndarray, steps: int) -> tuple[list[float], dict[str, Any]]:
    """The losses and the parameters, in NumPy: one matrix, one bias, and Keras' logits."""
    recipe, loss = script.recipe, script.recipe.loss
    loss = loss.behind_activation if loss.looks_through else loss
    ours = {n: np.asarray(a, np.float64) for n, a in script.model.initial_state(0).items()}
    weight, bias = sorted(ours, key=lambda name: -ours[name].ndim)
    turned = ours[weight].shape == (4, 5)
    state, losses = recipe.start(ours), []
    for step, rows in enumerate(BATCHES[:steps], 1):
        x = X[rows].astype(np.float64)
        outputs = x @ (ours[weight].T if turned else ours[weight]) + ours[bias]
        losses.append(loss.value(outputs, targets[rows]))
        back = loss.gradient(outputs, targets[rows])
        moved = x.T @ back
        gradients = {weight: moved.T if turned else moved, bias: back.sum(0)}
        ours = recipe.update(ours, gradients, state, step)
    return losses, ours


def apart(script: Script, targets: np.ndarray, steps: int) -> float:
    """The largest relative distance between the user's training and NumPy's."""
    side = side_of(script)
    try:
        side.set_state({n: np.asarray(a, float) for n, a in script.model.initial_state(0).items()})
        side.load_data((X.astype(np.float64),), targets)
        found = side.train(BATCHES[:steps])
        state = side.get_state()
    finally:
        side.executor.release()
    losses, ours = followed(script, targets, steps)
    assert found.losses == pytest.approx(losses, rel=1e-12)
    return max(
        float(np.abs(state[name] - array).max() / np.abs(array).max())
        for name, array in ours.items()
    )


o, k = keras.optimizers, keras.losses
SCRIPTS = {
    "torch": (torch_net, nn.CrossEntropyLoss(), partial(torch.optim.Adam, lr=0.01), {}),
    "torch coupled": (
        torch_net,
        nn.CrossEntropyLoss(label_smoothing=0.1),
        partial(torch.optim.Adam, lr=0.01, weight_decay=0.1),
        {"clip": 0.5},
    ),
    "torch weighted": (
        torch_net,
        nn.CrossEntropyLoss(torch.tensor([0.5, 1.0, 2.0, 0.25])),
        partial(torch.optim.Adagrad, lr=0.1),
        {},
    ),
    "torch falling": (
        torch_net,
        nn.CrossEntropyLoss(),
        partial(torch.optim.SGD, lr=0.1, momentum=0.9),
        {"schedule": partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.9), "epochs": 40},
    ),
    "torch own": (
        torch_net,
        lambda outputs, targets: nn.functional.cross_entropy(outputs, targets, reduction="none"),
        partial(torch.optim.RMSprop, lr=0.01),
        {},
    ),
    "torch squares": (torch_net, nn.L1Loss(), partial(torch.optim.AdamW, lr=0.01), {}),
    "keras": (
        partial(keras_net, "softmax"),
        k.CategoricalCrossentropy(),
        o.Adam(0.01, weight_decay=0.1),
        {},
    ),
    "keras sparse": (
        partial(keras_net, "softmax"),
        k.SparseCategoricalCrossentropy(),
        o.SGD(0.1, momentum=0.9, global_clipnorm=0.2),
        {},
    ),
    "keras logits": (
        keras_net,
        k.SparseCategoricalCrossentropy(from_logits=True),
        o.RMSprop(0.01, momentum=0.5),
        {},
    ),
    "keras adagrad": (keras_net, "mse", o.Adagrad(0.1), {}),
    "keras falling": (
        keras_net,
        k.Huber(),
        o.SGD(o.schedules.ExponentialDecay(0.1, 3, 0.9), momentum=0.9),
        {"epochs": 40},
    ),
}


@pytest.mark.parametrize("steps", [1, 10, 100])
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_training_as_it_is_follows_its_recipe(name: str, steps: int) -> None:
    make, loss, optimizer, more = SCRIPTS[name]
    regression = "squares" in name or isinstance(loss, str | k.Huber)
    targets = REALS if regression else CLASSES
    spec = TrainSpec(make, loss, optimizer, (X, targets), batch_size=8, **more)
    script = load_script(spec)
    assert script.recipe.unread == ()
    assert apart(script, targets.astype(float) if regression else targets, steps) < 1e-13 * steps


def test_gradients_come_from_the_users_own_loss() -> None:
    spec = TrainSpec(torch_net, nn.CrossEntropyLoss(reduction="sum"), None, (X, CLASSES))
    script = load_script(spec)
    side = side_of(script)
    found = side.gradients((X.astype(float),), CLASSES)
    assert found.loss == pytest.approx(script.recipe.loss.value(found.outputs, CLASSES))
    expected = script.recipe.loss.gradient(found.outputs, CLASSES)
    np.testing.assert_allclose(found.output_gradient, expected, atol=1e-15)


def test_an_optimizer_that_exists_already_is_made_again_for_the_copy() -> None:
    net = torch_net()
    used = torch.optim.Adam(
        [{"params": [net[0].weight], "weight_decay": 0.1}, {"params": [net[0].bias]}], lr=0.01
    )
    script = load_script(TrainSpec(net, nn.CrossEntropyLoss(), used, (X, CLASSES), 8))
    before = net[0].weight.detach().clone()
    assert apart(script, CLASSES, 10) < 1e-12
    assert script.recipe.decay.spared == ("0.bias",)
    assert torch.equal(net[0].weight, before)


@pytest.mark.usefixtures("single_precision")
def test_a_compiled_keras_model_is_a_script() -> None:
    model = keras_net("softmax")
    model.compile(loss="sparse_categorical_crossentropy", optimizer=o.SGD(0.5))
    script = load_script(model)
    assert script.recipe.optimizer.learning_rate == 0.5
    assert script.recipe.loss.looks_through == "softmax"
    assert script.recipe.batch_size == 32
    weights = [array.copy() for array in model.get_weights()]
    assert apart(script, CLASSES, 10) < 1e-12
    for mine, there in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, there)


def test_a_symbol_of_a_file_may_be_a_training(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text(
        "from functools import partial\n"
        "import torch\n"
        "from isograd import TrainSpec\n"
        "training = TrainSpec(torch.nn.Linear(5, 4), torch.nn.MSELoss(),\n"
        "                     partial(torch.optim.SGD, lr=0.1), inputs=['x=float32[N,5]'])\n"
        "network = torch.nn.Linear(5, 4)\n"
    )
    script = load_script(f"{file}:training")
    assert script.recipe.optimizer.name == "sgd"
    assert script.model.reference == f"{file}:training"
    alone = load_script(f"{file}:network", ["x=float32[N,5]"])
    assert alone.training is None
    assert alone.recipe == Recipe("mean_squared_error")


def test_the_axis_of_the_classes_is_counted_as_in_the_graph() -> None:
    net = nn.Conv1d(5, 4, 1)
    spec = TrainSpec(net, nn.CrossEntropyLoss(), inputs=["x=float32[N,5,7]"])
    assert load_script(spec).recipe.loss.axis == -2
    flat = TrainSpec(torch_net, nn.CrossEntropyLoss(), data=(X, CLASSES))
    assert load_script(flat).recipe.loss.axis == -1


def test_a_variable_that_keras_spares_does_not_decay() -> None:
    model, own = keras_net(), o.AdamW(0.1, weight_decay=0.5)
    own.exclude_from_weight_decay(var_names=["bias"])
    script = load_script(TrainSpec(model, "mse", own, (X, REALS), 8))
    assert len(script.recipe.decay.spared) == 1
    assert apart(script, REALS.astype(float), 10) < 1e-12


@pytest.mark.usefixtures("single_precision")
def test_two_tutorials_differ_where_they_are_known_to() -> None:
    folder = Path(__file__).parents[2] / "examples" / "article"
    ours, theirs = (
        load_script(f"{folder}/{name}_mnist.py:training").recipe for name in ("torch", "keras")
    )
    assert ours.unread == theirs.unread == ()
    assert (ours.loss.takes, ours.loss.looks_through) == ("logits", "")
    assert theirs.loss.looks_through == "softmax"
    paths = {difference.path for difference in differences(ours, theirs)}
    assert paths == {
        "loss.looks_through",
        "loss.targets",
        "optimizer.epsilon",
        "optimizer.epsilon_form",
    }
    kinds = {how.kind for how in ours.initialisers.values()}
    assert kinds == {"uniform"}
    assert {how.kind for how in theirs.initialisers.values()} == {"uniform", "constant"}
