"""What TensorFlow does if nothing is set: ``python -m isograd.frameworks.tensorflow.defaults``
prints it as JSON, in a process in which nothing else has run."""

from __future__ import annotations

import json
from typing import Any

import tensorflow as tf


def observe() -> dict[str, Any]:
    """The version, and whether an operation is executed when it is called: whether TensorFlow says
    so, and its result is there at once."""
    total = tf.constant(1.0) + tf.constant(1.0)
    there = hasattr(total, "numpy") and float(total) == 2.0
    return {"version": tf.__version__, "executing_eagerly": tf.executing_eagerly() and there}


if __name__ == "__main__":
    print(json.dumps(observe()))
