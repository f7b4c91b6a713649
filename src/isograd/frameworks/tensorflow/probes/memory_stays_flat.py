"""A long loop: does memory grow, with tensors as arguments, and with a number that changes?"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt, growth

WARM, STEPS = 50, 500
X = np.ones((8, 8), np.float32)


def step(x: tf.Tensor, rate: Any) -> tf.Tensor:
    return tf.reduce_sum(tf.tanh(x) * rate)


def observe(mode: Any) -> dict[str, Any]:
    def with_tensors() -> float:
        run = mode.run(step, X, np.float32(0))
        return growth(lambda number: run(X, np.float32(number)), WARM, STEPS)

    def with_numbers() -> float:
        run = mode.run(step, X, 0.0)
        return growth(lambda number: run(X, float(number)), WARM, STEPS)

    return {"steps": STEPS, "tensors": attempt(with_tensors), "numbers": attempt(with_numbers)}
