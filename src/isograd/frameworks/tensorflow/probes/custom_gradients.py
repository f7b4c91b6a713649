"""A rounding whose gradient is declared to be 1 (a straight-through estimator): is it kept?"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt

X = np.array([0.2, 1.7], np.float32)


@tf.custom_gradient
def rounded(x: tf.Tensor) -> Any:
    return tf.round(x), lambda upstream: upstream


def gradient(x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(rounded(x) * 3)
    return tape.gradient(loss, x)


def observe(mode: Any) -> dict[str, Any]:
    found = attempt(lambda: mode.run(gradient, X)(X).tolist())
    return {"right": [3.0, 3.0], "ways": {"inside the step": found}}
