"""A value that the gradient needs is changed in place: is the gradient right, or refused?"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt

X = np.array([0, 1], np.float32)


def observe(mode: Any) -> dict[str, Any]:
    # tensors cannot be changed; a variable can, and the product's derivative needs its old value
    variable = mode.make(lambda: tf.Variable(np.exp(X)))

    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            product = variable * x
            with tf.control_dependencies([product]):
                change = variable.assign_add(tf.ones_like(x))
        with tf.control_dependencies([change]):
            return tf.identity(tape.gradient(product, x))

    return {
        "gradient": attempt(lambda: mode.run(gradient, X)(X).tolist()),
        "right": np.exp(X).tolist(),
    }
