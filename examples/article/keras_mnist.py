"""Digits in Keras: the network ends in a softmax, and the loss is computed on its probabilities.

Keras looks through the softmax and computes the loss from its logits.
"""

import keras

from isograd import TrainSpec


def network() -> keras.Model:
    return keras.Sequential(
        [
            keras.layers.Input((28, 28), name="images"),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


training = TrainSpec(
    network,
    keras.losses.CategoricalCrossentropy(),
    keras.optimizers.Adam(1e-3),
    data="mnist",
    batch_size=64,
    epochs=10,
)
