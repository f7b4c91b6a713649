"""A Python `if` on a value: are both sides taken, each when it should be?"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt, warned


def branch(x: tf.Tensor) -> tf.Tensor:
    if tf.reduce_sum(x) > 0:
        return x * 2
    return x - 1


def observe(mode: Any) -> dict[str, Any]:
    positive, negative = np.array([1, 2], np.float32), np.array([-1, -2], np.float32)
    with warned() as warnings:
        built = attempt(lambda: mode.run(branch, positive))
        if "error" in built:
            return {"built": built}
        run = built["value"]
        calls = [attempt(lambda x: run(x).tolist(), x) for x in (positive, negative)]
    return {"calls": calls, "right": [[2.0, 4.0], [-2.0, -3.0]], "warnings": warnings}
