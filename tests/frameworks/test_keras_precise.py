"""What the user's Keras network runs with in float64."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from isograd.frameworks.tensorflow.precise import compiled_conv, precise


def gradients_of_a_grouped_convolution() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    x, kernel = (tf.constant(rng.normal(size=size)) for size in [(2, 5, 5, 4), (3, 3, 2, 6)])
    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        y = keras.ops.conv(x, kernel, strides=[2, 1], padding="same")
        loss = tf.reduce_sum(y**2)
    return [np.asarray(each) for each in (y, *tape.gradient(loss, [x, kernel]))]


def test_a_convolution_in_groups_is_what_it_was_and_compiled_once():
    before = gradients_of_a_grouped_convolution()
    compiled_conv.cache_clear()
    with precise():
        for _ in range(3):
            for ours, theirs in zip(gradients_of_a_grouped_convolution(), before, strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert compiled_conv.cache_info().misses == 1
    assert compiled_conv.cache_info().hits == 2
