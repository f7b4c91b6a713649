"""Two ways to feed a network in TensorFlow: one that keeps up, and one that does not."""

import time

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits


def digits():
    """1,797 handwritten digits, 28 x 28, in memory."""
    images, labels = load_digits(return_X_y=True)
    images = np.kron(images.reshape(-1, 8, 8) / 16, np.ones((3, 3)))
    return np.pad(images, ((0, 0), (2, 2), (2, 2))).astype(np.float32), labels


def dataset():
    """The numbers are shuffled, all of them, and a whole batch is gathered at once."""
    images, labels = map(tf.constant, digits())
    numbers = tf.data.Dataset.range(len(labels)).shuffle(len(labels)).batch(64)
    batches = numbers.map(lambda rows: (tf.gather(images, rows), tf.gather(labels, rows)))
    return batches.prefetch(2)


def distant(image):
    """Each image takes two milliseconds, as if it came over a network."""
    time.sleep(0.002)
    return image


def slow_dataset():
    """Image by image, and none ahead of time."""
    images, labels = digits()

    def fetched(image, label):
        image = tf.numpy_function(distant, [image], tf.float32)
        return tf.ensure_shape(image, [28, 28]), label

    return tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(2000).map(fetched).batch(64)
