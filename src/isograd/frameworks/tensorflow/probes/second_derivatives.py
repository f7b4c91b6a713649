"""The derivative of a derivative: of the sum of x³, 6x."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt

X = np.array([0.5, 1.0, -2.0], np.float32)


def second_derivative(x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            cubes = tf.reduce_sum(x * x * x)
        first = inner.gradient(cubes, x)
    return outer.gradient(first, x)


def observe(mode: Any) -> dict[str, Any]:
    found = attempt(lambda: mode.run(second_derivative, X)(X).tolist())
    return {"right": (6 * X).tolist(), "ways": {"inside the step": found}}
