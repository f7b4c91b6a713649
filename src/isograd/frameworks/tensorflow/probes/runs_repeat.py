"""Ten steps of training with seeds: weights, dropout and order of the data."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import tensorflow as tf

STEPS, RATE = 10, 0.01


class Network:
    def __init__(self) -> None:
        tf.random.set_seed(7)  # of the graph that is being built, where there is one
        self.first = tf.Variable(tf.random.normal([64, 128]) / 8)
        self.last = tf.Variable(tf.random.normal([128, 1]) / 11)

    def step(self, batch: tf.Tensor) -> Any:
        weights = [self.first, self.last]
        with tf.GradientTape() as tape:
            hidden = tf.nn.dropout(tf.nn.relu(batch @ self.first), 0.5)
            loss = tf.reduce_mean((hidden @ self.last) ** 2)
        slopes = tape.gradient(loss, weights)
        changes = [w.assign_sub(RATE * s) for w, s in zip(weights, slopes, strict=True)]
        return loss, [tf.identity(change) for change in changes]


def observe(mode: Any) -> dict[str, Any]:
    shuffled = np.random.default_rng(7)
    data = shuffled.normal(size=(256, 64)).astype(np.float32)
    network = mode.make(Network)
    run = mode.run(network.step, data[:32])
    for _ in range(STEPS):
        loss, weights = run(data[shuffled.permutation(len(data))[:32]])
    digest = hashlib.sha256(b"".join(array.tobytes() for array in weights)).hexdigest()
    return {"loss": loss.item(), "weights": digest}
