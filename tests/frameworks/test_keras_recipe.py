"""Keras' own losses and optimizers do what the recipe that is read from them says."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from isograd.frameworks.tensorflow.recipe import precise_numbers, read
from isograd.training import Clipping, Decay, Initialiser, Recipe, TrainSpec, differences

GENERATOR = np.random.default_rng(3)
LOGITS = GENERATOR.normal(0, 2, (6, 4))
SHARES = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
UNEVEN = np.concatenate([0.6 * SHARES[:5], [[1e-9, 1.0 - 2e-9, 1e-9, 0.3]]])
INDICES = np.array([0, 1, 2, 3, 1, 0])
ONES = np.eye(4)[INDICES]
BITS = GENERATOR.integers(0, 2, (6, 4)).astype(float)
REALS = GENERATOR.normal(0, 2, (6, 4))
COLUMN, ROW = GENERATOR.normal(0, 2, (6, 1)), GENERATOR.normal(0, 2, 6)
k = keras.losses

LOSSES = [
    (k.CategoricalCrossentropy, {}, UNEVEN, ONES),
    (k.CategoricalCrossentropy, {"label_smoothing": 0.1}, UNEVEN, ONES),
    (k.CategoricalCrossentropy, {"from_logits": True}, LOGITS, ONES),
    (k.CategoricalCrossentropy, {"reduction": "sum"}, SHARES, ONES),
    (k.SparseCategoricalCrossentropy, {}, UNEVEN, INDICES),
    (k.SparseCategoricalCrossentropy, {"from_logits": True}, LOGITS, INDICES),
    (k.SparseCategoricalCrossentropy, {"ignore_class": 1}, SHARES, INDICES),
    (k.BinaryCrossentropy, {}, UNEVEN, BITS),
    (k.BinaryCrossentropy, {"reduction": "sum"}, UNEVEN, BITS),
    (k.BinaryCrossentropy, {"label_smoothing": 0.2}, UNEVEN, BITS),
    (k.BinaryCrossentropy, {"from_logits": True}, LOGITS, BITS),
    (k.MeanSquaredError, {}, LOGITS, REALS),
    (k.MeanSquaredError, {"reduction": "sum"}, LOGITS, REALS),
    (k.MeanSquaredError, {}, COLUMN, ROW),
    (k.MeanAbsoluteError, {}, LOGITS, REALS),
    (k.Huber, {"delta": 0.5}, LOGITS, REALS),
]


def net(activation: str | None = None, units: int = 4) -> keras.Model:
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.layers.Input((5,)), keras.layers.Dense(units, activation, name="head")],
        name="net",
    )


@pytest.fixture
def double():
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")


@pytest.mark.parametrize(("make", "arguments", "outputs", "targets"), LOSSES)
def test_the_definition_is_what_keras_computes(double, make, arguments, outputs, targets):
    loss = make(**arguments)
    found = read(TrainSpec(net(), loss))
    assert found.unread == ()
    native = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        value = loss(tf.constant(targets), native + 0.0)
    gradient = tape.gradient(value, native).numpy()
    assert found.loss.value(outputs, targets) == pytest.approx(float(value), rel=1e-14)
    np.testing.assert_allclose(
        found.loss.gradient(outputs, targets), gradient, rtol=1e-13, atol=1e-16
    )


@pytest.mark.parametrize("name", ["mse", "categorical_crossentropy", "huber"])
def test_names_are_the_classes(name):
    model = net()
    model.compile(loss=name, optimizer="sgd")
    named = keras.losses.get(name).__name__
    by_class = {"mean_squared_error": k.MeanSquaredError, "huber": k.Huber}
    made = by_class.get(named, k.CategoricalCrossentropy)()
    assert read(TrainSpec(model)).loss == read(TrainSpec(model, made)).loss


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize(
    ("activation", "loss", "seen", "targets"),
    [
        ("softmax", k.CategoricalCrossentropy, "softmax", ONES),
        ("softmax", k.SparseCategoricalCrossentropy, "softmax", INDICES),
        ("sigmoid", k.BinaryCrossentropy, "sigmoid", BITS),
        ("sigmoid", k.CategoricalCrossentropy, "sigmoid", ONES),
    ],
)
def test_keras_looks_through_the_last_activation(double, activation, loss, seen, targets, graph):
    model, native = net(activation), loss()
    found = read(TrainSpec(model, native)).loss
    assert found.looks_through == seen
    assert found.clipped == 0.0
    x = tf.constant(GENERATOR.normal(0, 1, (6, 5)))

    def value():
        return native(tf.constant(targets), model(x, training=True))

    computed = tf.function(value)() if graph else value()
    assert found.value(model(x).numpy(), targets) == pytest.approx(float(computed), rel=1e-13)
    head = model.get_layer("head")
    logits = x.numpy() @ head.kernel.numpy() + head.bias.numpy()
    ours = found.behind_activation.value(logits, targets)
    assert ours == pytest.approx(float(computed), rel=1e-13)


def test_a_reshape_behind_the_activation_hides_the_logits(double):
    model = keras.Sequential([net("softmax"), keras.layers.Reshape((4,))])
    assert read(TrainSpec(model, k.CategoricalCrossentropy())).loss.looks_through == ""


def test_logits_of_a_softmax_taken_for_a_sigmoids_are_named(double):
    (unread,) = read(TrainSpec(net("softmax"), k.BinaryCrossentropy())).unread
    assert "softmax" in unread


def test_a_function_of_a_users_own_takes_the_outputs_first(double):
    def squares(outputs, targets):
        return tf.reduce_sum((outputs - targets) ** 2, axis=-1)

    found = read(TrainSpec(net(), squares, data=(np.zeros((6, 5)), REALS)))
    assert found.unread == ()
    assert (found.loss.kind, found.loss.reduction) == ("mean_squared_error", "batch")


o = keras.optimizers
OPTIMIZERS = [
    lambda: o.SGD(0.1),
    lambda: o.SGD(0.1, momentum=0.9),
    lambda: o.SGD(0.1, momentum=0.9, nesterov=True),
    lambda: o.SGD(0.1, weight_decay=0.1),
    lambda: o.SGD(0.1, clipnorm=0.5),
    lambda: o.SGD(0.1, clipvalue=0.1),
    lambda: o.SGD(0.1, global_clipnorm=0.5),
    lambda: o.Adam(0.01),
    lambda: o.Adam(0.01, epsilon=0.1),
    lambda: o.Adam(0.01, amsgrad=True),
    lambda: o.Adam(0.01, weight_decay=0.1),
    lambda: o.AdamW(0.01),
    lambda: o.RMSprop(0.01, epsilon=0.1),
    lambda: o.RMSprop(0.01, momentum=0.9),
    lambda: o.RMSprop(0.01, centered=True),
    lambda: o.Adagrad(0.1, epsilon=0.1),
]


def apart(recipe, native, model, steps: int) -> float:
    """The largest relative distance between NumPy's parameters and Keras', on one sequence of
    gradients."""
    variables = {v.path: v for v in model.trainable_variables}
    ours = {path: GENERATOR.normal(0, 1, v.shape) for path, v in variables.items()}
    for path, variable in variables.items():
        variable.assign(ours[path])
    state, generator, worst = recipe.start(ours), np.random.default_rng(0), 0.0
    native.build(list(variables.values()))
    for step in range(1, steps + 1):
        gradients = {n: generator.normal(0, 0.3, a.shape) for n, a in ours.items()}
        native.apply([tf.constant(gradients[path]) for path in variables])
        ours = recipe.update(ours, gradients, state, step)
        for path, variable in variables.items():
            there = variable.numpy()
            worst = max(worst, float(np.abs(ours[path] - there).max() / np.abs(there).max()))
    return worst


@pytest.mark.parametrize("steps", [1, 10])
@pytest.mark.parametrize("number", range(len(OPTIMIZERS)))
def test_the_rule_is_what_keras_does(double, number, steps):
    model, native = net(), OPTIMIZERS[number]()
    recipe = read(TrainSpec(model, k.MeanSquaredError(), native))
    assert recipe.unread == ()
    assert apart(recipe, precise_numbers(native), model, steps) < 1e-15 * (10 + steps)


@pytest.mark.parametrize("number", [1, 3, 7])
def test_keras_casts_python_numbers_by_way_of_float32(double, number):
    """Without `precise_numbers`, the momentum of SGD, the weight decay and Adam's betas are those
    of `Optimizer.single`."""
    model, native = net(), OPTIMIZERS[number]()
    recipe = read(TrainSpec(model, k.MeanSquaredError(), native))
    single = replace(recipe, optimizer=replace(recipe.optimizer, single=True))
    assert apart(single, native, model, 10) < 2e-14
    assert apart(recipe, OPTIMIZERS[number](), net(), 10) > 1e-10


def test_adams_in_two_forms_are_told_apart():
    keras_recipe = read(TrainSpec(net(), k.MeanSquaredError(), o.Adam(1e-3)))
    assert keras_recipe.optimizer.learning_rate == 1e-3
    paths = [found.path for found in differences(Recipe(), keras_recipe)]
    assert "optimizer.epsilon" in paths
    assert "optimizer.epsilon_form" in paths
    assert "optimizer.learning_rate" not in paths


def test_clipping_decay_and_what_is_spared():
    native = o.AdamW(weight_decay=0.1, global_clipnorm=0.5)
    native.exclude_from_weight_decay(var_names=["bias"])
    recipe = read(TrainSpec(net(), k.MeanSquaredError(), native))
    assert recipe.clipping == Clipping("global_norm", 0.5)
    assert recipe.decay == Decay(0.1, "decoupled", ("net/head/bias",))


def test_a_schedule_is_sampled():
    schedule = o.schedules.ExponentialDecay(0.1, 1, 0.5)
    data = (np.zeros((8, 5)), np.zeros((8, 4)))
    spec = TrainSpec(net(), k.MeanSquaredError(), o.SGD(schedule), data=data, batch_size=4)
    assert read(spec).schedule == (0.1, 0.05)


def test_what_cannot_be_described_is_named():
    found = read(TrainSpec(net(), k.CosineSimilarity(), o.Nadam(use_ema=True))).unread
    assert any("cosine" in what for what in found)
    assert any("Nadam" in what for what in found)
    assert "optimizer with use_ema" in found


def test_initialisers_are_read():
    found = read(TrainSpec(net())).initialisers
    assert found["net/head/kernel"] == Initialiser("uniform", 0.816497)
    assert found["net/head/bias"] == Initialiser("constant", 0.0)
