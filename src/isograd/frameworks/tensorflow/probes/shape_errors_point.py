"""A matrix of the wrong shape in the second of three products: what does the error point at?"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt, line_of

FIRST, SECOND, THIRD = (np.ones(shape, np.float32) for shape in [(3, 4), (5, 4), (4, 2)])


def network(x: tf.Tensor) -> tf.Tensor:
    hidden = tf.nn.relu(tf.matmul(x, FIRST))
    hidden = tf.nn.relu(tf.matmul(hidden, SECOND))  # wrong
    return tf.matmul(hidden, THIRD)


def observe(mode: Any) -> dict[str, Any]:
    x = np.ones((2, 3), np.float32)
    call = attempt(lambda: mode.run(network, x)(x).tolist())
    return {"line": line_of(__file__, "wrong"), "shapes": ["2, 4", "5, 4"], "call": call}
