"""A network that decides while it runs what to compute: Keras."""

import keras
import tensorflow as tf
from keras import layers


class Halving(keras.Model):
    """Halves what it has until it is small, then goes one of two ways."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = layers.Dense(16, activation="tanh")
        self.up = layers.Dense(16)
        self.down = layers.Dense(16)
        self.out = layers.Dense(4)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.fc1.build(input_shape)
        for layer in (self.up, self.down, self.out):
            layer.build((None, 16))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        x = self.fc1(x)
        while tf.norm(x) > 1:
            x = x / 2
        if tf.reduce_sum(x) > 0:
            x = self.up(x)
            x = tf.nn.relu(x)
        else:
            x = self.down(x)
        return self.out(x)
