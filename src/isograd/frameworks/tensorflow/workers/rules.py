"""How optimizers move one variable, as PyTorch's do.

Keras' own have epsilon elsewhere, and keep their numbers in float32.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Settings = dict[str, Any]

SLOTS = {
    "sgd": ("velocity",),
    "adam": ("moment_1", "moment_2"),
    "adamw": ("moment_1", "moment_2"),
    "rmsprop": ("mean_square", "velocity"),
}
"""What each keeps for every variable."""


def sgd(
    of: Settings,
    variable: tf.Variable,
    gradient: tf.Tensor,
    number: tf.Tensor,
    velocity: tf.Variable,
) -> None:
    moved = velocity.assign(of["momentum"] * velocity + gradient, read_value=True)
    direction = gradient + of["momentum"] * moved if of["nesterov"] else moved
    variable.assign_sub(of["learning_rate"] * direction)


def adam(
    of: Settings,
    variable: tf.Variable,
    gradient: tf.Tensor,
    number: tf.Tensor,
    moment_1: tf.Variable,
    moment_2: tf.Variable,
) -> None:
    """AdamW, too: its decay is zero in Adam."""
    variable.assign_sub(of["learning_rate"] * of.get("weight_decay", 0.0) * variable)
    first = moment_1.assign(of["beta_1"] * moment_1 + (1 - of["beta_1"]) * gradient)
    second = moment_2.assign(of["beta_2"] * moment_2 + (1 - of["beta_2"]) * tf.square(gradient))
    correction_1, correction_2 = (
        tf.cast(1 - tf.pow(tf.constant(of[beta], tf.float64), number), gradient.dtype)
        for beta in ("beta_1", "beta_2")
    )
    root = tf.sqrt(second / correction_2) + of["epsilon"]
    variable.assign_sub(of["learning_rate"] * (first / correction_1) / root)


def rmsprop(
    of: Settings,
    variable: tf.Variable,
    gradient: tf.Tensor,
    number: tf.Tensor,
    mean_square: tf.Variable,
    velocity: tf.Variable,
) -> None:
    mean = mean_square.assign(of["rho"] * mean_square + (1 - of["rho"]) * tf.square(gradient))
    direction = gradient / (tf.sqrt(mean) + of["epsilon"])
    variable.assign_sub(
        of["learning_rate"] * velocity.assign(of["momentum"] * velocity + direction)
    )


RULES: dict[str, Callable[..., None]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adam,
    "rmsprop": rmsprop,
}
