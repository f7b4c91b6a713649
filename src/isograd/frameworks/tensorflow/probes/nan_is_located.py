"""A logarithm and a root of a negative number: does the framework's own search name the line?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt, line_of, warned


def not_a_value(x: tf.Tensor) -> tf.Tensor:
    """NaN in the forward pass alone: the derivative, 1/x, is a number."""
    scaled = x * 3
    logs = tf.math.log(scaled)  # value
    return tf.reduce_sum(logs * 2)


def not_a_gradient(x: tf.Tensor) -> tf.Tensor:
    """NaN in both passes."""
    scaled = x * 3
    roots = tf.sqrt(scaled)  # gradient
    return tf.reduce_sum(roots * 2)


def searched(mode: Any, loss: Callable[[tf.Tensor], tf.Tensor]) -> dict[str, Any]:
    x = np.array([1, -1], np.float32)

    def step(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x)
        return value, tape.gradient(value, x)

    tf.debugging.enable_check_numerics()
    with warned() as warnings:
        call = attempt(lambda: mode.run(step, x)(x)[1].tolist())
    tf.debugging.disable_check_numerics()
    return call | {"warnings": warnings}


def observe(mode: Any) -> dict[str, Any]:
    return {
        "value": searched(mode, not_a_value) | {"line": line_of(__file__, "value")},
        "gradient": searched(mode, not_a_gradient) | {"line": line_of(__file__, "gradient")},
    }
