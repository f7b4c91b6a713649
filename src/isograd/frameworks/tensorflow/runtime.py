"""Setting up TensorFlow in a fresh process: both frameworks work under the same conditions."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from isograd.errors import UsageError


def configure(device: str, threads: int) -> None:
    """Fixes threads and the device. TensorFlow flushes denormal numbers to zero by itself; TF32 is
    switched off, as on the other side.

    Raises `UsageError` when the device is not there.
    """
    devices = tf.config.list_physical_devices("GPU")
    if device == "cuda" and not devices:
        raise UsageError(
            "TensorFlow sees no CUDA device.",
            hint="Use --device cpu, or install a CUDA build of TensorFlow (see the README).",
        )
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    for gpu in devices if device == "cuda" else ():
        tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_tensor_float_32_execution(False)


def settings() -> Callable[[], object]:
    """A function that puts back what executors change in this process: the precision that new
    layers get."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()

    def restore() -> None:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)

    return restore
