"""The gradient of each example's own loss, in one go: of (w·x - y)², 2(w·x - y)x."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt

W, XS, YS = (
    np.array([1, -1], np.float32),
    np.array([[1, 2], [3, 4]], np.float32),
    np.array([1, 1], np.float32),
)


def by_jacobian(w: tf.Tensor, xs: tf.Tensor, ys: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(w)
        losses = (tf.reduce_sum(w * xs, axis=1) - ys) ** 2
    return tape.jacobian(losses, w)


def by_vectorized_map(w: tf.Tensor, xs: tf.Tensor, ys: tf.Tensor) -> tf.Tensor:
    def gradient(example: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        x, y = example
        with tf.GradientTape() as tape:
            tape.watch(w)
            loss = (tf.reduce_sum(w * x) - y) ** 2
        return tape.gradient(loss, w)

    return tf.vectorized_map(gradient, (xs, ys))


def observe(mode: Any) -> dict[str, Any]:
    ways = {"tape.jacobian": by_jacobian, "vectorized_map": by_vectorized_map}
    found = {
        name: attempt(lambda f: mode.run(f, W, XS, YS)(W, XS, YS).tolist(), way)
        for name, way in ways.items()
    }
    right = 2 * (XS @ W - YS)[:, None] * XS
    return {"right": right.tolist(), "ways": found}
