"""A `print` of a value and a `breakpoint()` inside the step: how often does Python come by?"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import python_seen

STEPS = 3


def step(x: tf.Tensor) -> tf.Tensor:
    hidden = x * 2
    print("hidden is", hidden)
    breakpoint()
    return tf.reduce_sum(hidden)


def observe(mode: Any) -> dict[str, Any]:
    x = np.arange(3.0, dtype=np.float32)
    prints, breakpoints = [], []
    with python_seen() as (printed, stopped):
        run = mode.run(step, x)
        for _ in range(STEPS):
            before = len(printed), len(stopped)
            run(x)
            prints.append(len(printed) - before[0])
            breakpoints.append(len(stopped) - before[1])
    return {"prints": prints, "breakpoints": breakpoints, "last print": "".join(printed[-1:])}
