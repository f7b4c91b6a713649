"""All derivatives of all outputs: of (ab, a + b²), ((b, a), (1, 2b))."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt

X = np.array([2, 3], np.float32)


def jacobian(x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = tf.stack([x[0] * x[1], x[0] + x[1] ** 2])
    return tape.jacobian(values, x)


def observe(mode: Any) -> dict[str, Any]:
    found = attempt(lambda: mode.run(jacobian, X)(X).tolist())
    return {"right": [[3.0, 2.0], [1.0, 6.0]], "ways": {"inside the step": found}}
