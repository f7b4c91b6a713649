"""The step is run, then run again in a child process that is forked, and in one that is spawned."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import in_child


def work(name: str) -> float:
    """A step large enough for several threads, with its gradient; the mode is opened anew."""
    from isograd.frameworks.tensorflow.probes.modes import open_mode

    x = np.full((512, 512), 0.01, np.float32)
    return float(open_mode(name).run(gradient, x, x)(x, x).sum())


def gradient(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(x)
        product = tf.reduce_sum(tf.tanh(tf.matmul(x, y)))
    return tape.gradient(product, x)


def observe(mode: Any) -> dict[str, Any]:
    here = work(mode.name)
    return {
        "here": here,
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "children": {how: in_child(how, work, mode.name) for how in ("fork", "spawn")},
    }
