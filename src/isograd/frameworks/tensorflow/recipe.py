"""Reading Keras' losses, optimizers and schedules as a `Recipe`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.initialisers import initialisers
from isograd.ir.mapping import Array
from isograd.training import (
    SGD,
    Adagrad,
    Adam,
    Clipping,
    Decay,
    Loss,
    Optimizer,
    Recipe,
    RMSprop,
    TrainSpec,
    identify,
)
from isograd.training.description import summary
from isograd.training.losses import KERAS_EPSILON

_LOSSES: dict[str, Loss] = {
    "categorical_crossentropy": Loss(
        takes="probabilities",
        clipped=KERAS_EPSILON,
        normalised="before_clipping",
        targets="distribution",
    ),
    "sparse_categorical_crossentropy": Loss(
        takes="probabilities", clipped=KERAS_EPSILON, normalised="after_clipping"
    ),
    "binary_crossentropy": Loss(
        "binary_cross_entropy", takes="probabilities", clipped=KERAS_EPSILON, shapes="aligned"
    ),
    "mean_squared_error": Loss("mean_squared_error", shapes="aligned"),
    "mean_absolute_error": Loss("mean_absolute_error", shapes="aligned"),
    "huber": Loss("huber", shapes="aligned"),
}
"""Keras' function to its definition, with its default arguments."""

_READ = {"from_logits", "label_smoothing", "ignore_class", "delta"}
"""Arguments of those functions that `_with_arguments` knows; others at their defaults only."""


def read(spec: TrainSpec) -> Recipe:
    """What ``spec`` does; whatever cannot be described is named in `Recipe.unread`. Parameters are
    named by the paths of their variables.

    Loss and optimizer of a compiled model are its own where ``spec`` gives none.
    """
    model = network(spec)
    unread: list[str] = []
    loss, optimizer = native_loss(spec, model), native_optimizer(spec, model)
    outputs = _example_outputs(model)
    rule, decay = read_optimizer(optimizer, model, unread)
    return Recipe(
        (read_loss(loss, outputs, spec.examples, unread) if loss is not None else None) or Loss(),
        rule,
        spec.batch_size,
        clipping=_clipping(optimizer),
        decay=decay,
        schedule=_schedule(spec, optimizer, unread),
        drop_last=spec.drop_last,
        shuffle=spec.shuffle,
        epochs=spec.epochs,
        precision=_precision(model),
        data=summary(spec.examples),
        initialisers=initialisers(model),
        unread=tuple(unread),
    )


def network(spec: TrainSpec) -> keras.Model:
    """The model that is, or is made by, ``spec.model``."""
    return spec.model if isinstance(spec.model, keras.Model) else spec.model()


def native_loss(spec: TrainSpec, model: keras.Model) -> Callable[..., Any] | None:
    """The loss as a function of (targets, outputs), Keras' order: a `keras.losses.Loss` reduces
    already, others give one number for each example.
    """
    loss = spec.loss
    if loss is None:
        loss = getattr(model, "loss", None) if getattr(model, "compiled", False) else None
        if isinstance(loss, list | tuple | dict):
            raise UsageError("A model with several losses is not described by one.")
        return _known(loss)
    if isinstance(loss, str | keras.losses.Loss) or _of_keras(loss):
        return _known(loss)
    return lambda targets, outputs: loss(outputs, targets)


def _of_keras(loss: Any) -> bool:
    return str(getattr(loss, "__module__", "")).startswith("keras.")


def _known(loss: Any) -> Callable[..., Any] | None:
    """Keras' own classes for its names and functions."""
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    if _of_keras(found) and inspect.isfunction(found) and found.__name__ in _LOSSES:
        return _CLASSES[found.__name__]()
    return found


_CLASSES: dict[str, Callable[[], keras.losses.Loss]] = {
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
    "huber": keras.losses.Huber,
}


def native_optimizer(spec: TrainSpec, model: keras.Model) -> keras.optimizers.Optimizer | None:
    """The user's optimizer, or the model's."""
    if spec.optimizer is None:
        return model.optimizer if getattr(model, "compiled", False) else None
    if isinstance(spec.optimizer, keras.optimizers.Optimizer | str):
        return keras.optimizers.get(spec.optimizer)
    return spec.optimizer()


# Losses ---------------------------------------------------------------------------------------


def _example_outputs(model: keras.Model) -> tf.Tensor | None:
    """What the model gives for zeros, with what Keras hangs on it; None where its inputs or
    outputs are several, or not known."""
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or not all(n is None or isinstance(n, int) for n in shape):
        return None
    kinds = [getattr(x, "dtype", "float32") for x in getattr(model, "inputs", None) or []]
    zeros = tf.zeros([size or 2 for size in shape], kinds[0] if kinds else "float32")
    outputs = model(zeros, training=False)
    return outputs if isinstance(outputs, tf.Tensor) else None


def read_loss(
    loss: Callable[..., Any],
    outputs: tf.Tensor | None,
    examples: tuple[Array, Array] | None,
    unread: list[str],
) -> Loss | None:
    """The definition of a loss on such outputs."""
    function = getattr(loss, "fn", None)
    name = getattr(function, "__name__", "")
    if not isinstance(loss, keras.losses.Loss) or name not in _LOSSES or not _of_keras(function):
        found = identify(lambda outputs, targets: _called(loss, outputs, targets), examples)
        if found is None:
            unread.append(f"loss {getattr(loss, 'name', type(loss).__name__)}")
        return found
    arguments = dict(getattr(loss, "_fn_kwargs", {}))
    known = _with_arguments(_LOSSES[name], arguments, unread)
    known = _reduced(known, loss.reduction, unread)
    if not name.endswith("crossentropy") or outputs is None:
        return known
    return _seen(known, keras.ops.convert_to_tensor(outputs, dtype=loss.dtype), unread)


def _with_arguments(known: Loss, arguments: dict[str, Any], unread: list[str]) -> Loss:
    changes: dict[str, Any] = {}
    if arguments.get("from_logits"):
        changes |= {"takes": "logits", "clipped": 0.0, "normalised": "no"}
    if arguments.get("label_smoothing"):
        changes["smoothing"] = float(arguments["label_smoothing"])
    if arguments.get("ignore_class") is not None:
        changes["ignored"] = int(arguments["ignore_class"])
    if "delta" in arguments:
        changes["delta"] = float(arguments["delta"])
    axis = arguments.get("axis", -1)
    if axis != -1 and known.kind == "cross_entropy":
        changes["axis"] = int(axis)
    unknown = sorted(set(arguments) - _READ - {"axis"})
    unread += [f"loss with {name}" for name in unknown]
    return Loss(**{**vars(known), **changes})


def _reduced(known: Loss, reduction: str | None, unread: list[str]) -> Loss:
    if reduction == "sum":
        kind = "sum" if known.kind == "cross_entropy" else "sum_of_means"
        return Loss(**{**vars(known), "reduction": kind})
    if reduction not in ("sum_over_batch_size", "mean", "mean_with_sample_weight"):
        unread.append(f"loss with reduction {reduction!r}")
    return known


def _seen(known: Loss, outputs: tf.Tensor, unread: list[str]) -> Loss:
    """Keras computes a cross entropy from the logits that its softmax and sigmoid hang on their
    results, in eager and graph mode alike, whatever ``from_logits`` says."""
    logits = getattr(outputs, "_keras_logits", None)
    if logits is None:
        return known
    activation = "softmax" if np.allclose(tf.nn.softmax(logits), outputs) else "sigmoid"
    if known.kind == "binary_cross_entropy" and activation == "softmax":
        unread.append("binary cross entropy from the logits of a softmax, taken for a sigmoid's")
    changes = {"takes": "logits", "clipped": 0.0, "normalised": "no", "looks_through": activation}
    return Loss(**{**vars(known), **changes})


def _called(loss: Callable[..., Any], outputs: Array, targets: Array) -> float | None:
    try:
        found = loss(tf.constant(targets), tf.constant(outputs))
        return float(np.mean(np.asarray(found, np.float64)))
    except Exception:
        return None


# Optimizers -----------------------------------------------------------------------------------


def shortest(number: Any) -> float:
    """The shortest decimal number that float32 rounds to this: what was written, where Keras has
    kept it in float32."""
    value = float(np.asarray(number))
    short = float(str(np.float32(value)))
    return short if np.float32(value) == value else value


def read_optimizer(
    optimizer: keras.optimizers.Optimizer | None, model: keras.Model, unread: list[str]
) -> tuple[Optimizer, Decay]:
    """Rule and decay. Numbers are as they were written: that Keras casts some of them by way of
    float32 matters to no training in float32."""
    if optimizer is None:
        return Adam(), Decay()
    kind = type(optimizer)
    rate = _rate(optimizer)
    if kind in _RULES:
        rule = _RULES[kind](optimizer, rate)
    else:
        rule = Adam(rate)
        unread.append(f"optimizer {kind.__module__}.{kind.__qualname__}")
    unread += [f"optimizer with {name}" for name in _MORE if getattr(optimizer, name, None)]
    if not optimizer.weight_decay:
        return rule, Decay()
    spared = [v.path for v in model.trainable_variables if not _decays(optimizer, v)]
    return rule, Decay(float(optimizer.weight_decay), "decoupled", tuple(sorted(spared)))


_MORE = ("use_ema", "gradient_accumulation_steps")


def _decays(optimizer: keras.optimizers.Optimizer, variable: keras.Variable) -> bool:
    return bool(optimizer._use_weight_decay(variable))


def _rate(optimizer: keras.optimizers.Optimizer) -> float:
    held = optimizer._learning_rate
    if isinstance(held, keras.optimizers.schedules.LearningRateSchedule):
        return shortest(held(0))
    return shortest(held() if callable(held) and not hasattr(held, "value") else held)


def _sgd(native: Any, rate: float) -> Optimizer:
    momentum = float(native.momentum)
    nesterov = bool(native.nesterov and momentum)
    return SGD(rate, momentum, nesterov, rate_inside=bool(momentum))


def _adam(native: Any, rate: float) -> Optimizer:
    return Adam(
        rate,
        float(native.beta_1),
        float(native.beta_2),
        float(native.epsilon),
        "hat",
        bool(native.amsgrad),
    )


def _rmsprop(native: Any, rate: float) -> Optimizer:
    return RMSprop(
        rate,
        float(native.rho),
        float(native.epsilon),
        float(native.momentum),
        "inside",
        rate_inside=bool(native.momentum),
        centered=bool(native.centered),
    )


def _adagrad(native: Any, rate: float) -> Optimizer:
    start = float(native.initial_accumulator_value)
    return Adagrad(rate, float(native.epsilon), start, epsilon_form="inside")


_RULES: dict[type, Callable[[Any, float], Optimizer]] = {
    keras.optimizers.SGD: _sgd,
    keras.optimizers.Adam: _adam,
    keras.optimizers.AdamW: _adam,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.Adagrad: _adagrad,
}


# Around the step ------------------------------------------------------------------------------


def _clipping(optimizer: keras.optimizers.Optimizer | None) -> Clipping:
    if optimizer is None:
        return Clipping()
    if optimizer.clipnorm:
        return Clipping("norm", float(optimizer.clipnorm))
    if optimizer.global_clipnorm:
        return Clipping("global_norm", float(optimizer.global_clipnorm))
    return Clipping("value", float(optimizer.clipvalue)) if optimizer.clipvalue else Clipping()


def native_schedule(
    spec: TrainSpec, optimizer: keras.optimizers.Optimizer | None
) -> keras.optimizers.schedules.LearningRateSchedule | None:
    """The schedule of the optimizer, or else the one beside it."""
    held = getattr(optimizer, "_learning_rate", None)
    if isinstance(held, keras.optimizers.schedules.LearningRateSchedule):
        return held
    return spec.schedule


def _schedule(
    spec: TrainSpec, optimizer: keras.optimizers.Optimizer | None, unread: list[str]
) -> tuple[float, ...]:
    """The learning rate of each step."""
    schedule = native_schedule(spec, optimizer)
    if schedule is None:
        return ()
    steps = spec.steps_per_epoch
    if steps is None:
        unread.append("a schedule, with data of unknown size")
        return ()
    exact = precise_numbers(schedule.from_config(schedule.get_config()))
    return tuple(float(np.asarray(exact(step))) for step in range(steps * spec.epochs))


def precise_numbers(owner: Any) -> Any:
    """Its numbers in float64: TensorFlow casts a Python number by way of float32."""
    for name, value in vars(owner).items():
        if type(value) is float:
            setattr(owner, name, np.float64(value))
    return owner


def _precision(model: keras.Model) -> str:
    names = {layer.dtype_policy.name for layer in model._flatten_layers()}
    return ", ".join(sorted(names))
