"""Training loops written by hand, without isograd, as workers for the overhead benchmark.

The network is mnist-mlp, the data lies in memory, each step gathers its batch by index: the same
work as isograd's, in as few lines as it takes.
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from isograd.measure.worker import serve


class TorchByHand:
    """The eager loop of every PyTorch program."""

    def __init__(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        import torch
        from torch import nn
        from torch.nn import functional as F

        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        x, y = torch.from_numpy(images), torch.from_numpy(labels)
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        optimizer = torch.optim.Adam(model.parameters(), fused=True)

        def run(batches: NDArray[np.int64]) -> list[int]:
            rows = list(torch.from_numpy(batches).unbind())
            times = []
            for row in rows:
                start = perf_counter_ns()
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x.index_select(0, row)), y.index_select(0, row))
                loss.backward()
                optimizer.step()
                times.append(perf_counter_ns() - start)
            return times

        self.run = run


class FunctionByHand:
    """One ``tf.function`` for the whole step; Adam in the paper's form, with its corrections in
    float64, as on the other side of the comparison.
    """

    def __init__(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        x, y = tf.constant(images), tf.constant(labels)
        model = keras.Sequential(
            [
                keras.layers.Input((28, 28)),
                keras.layers.Flatten(),
                keras.layers.Dense(128, activation="relu"),
                keras.layers.Dense(10),
            ]
        )
        weights = [v.value for v in model.trainable_variables]
        first = [tf.Variable(tf.zeros_like(w)) for w in weights]
        second = [tf.Variable(tf.zeros_like(w)) for w in weights]
        count = tf.Variable(0.0, dtype=tf.float64)
        beta_1, beta_2 = tf.constant(0.9, tf.float64), tf.constant(0.999, tf.float64)

        @tf.function
        def step(row: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                logits = model(tf.gather(x, row), training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(y, row), logits)
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, weights)
            now = count.assign_add(1.0)
            correction = tf.sqrt(1.0 - tf.pow(beta_2, now))
            rate = tf.cast(0.001 * correction / (1.0 - tf.pow(beta_1, now)), tf.float32)
            epsilon = tf.cast(1e-8 * correction, tf.float32)
            for w, m, v, g in zip(weights, first, second, gradients, strict=True):
                tf.raw_ops.ResourceApplyAdam(
                    var=w.handle,
                    m=m.handle,
                    v=v.handle,
                    beta1_power=0.0,
                    beta2_power=0.0,
                    lr=rate,
                    beta1=0.9,
                    beta2=0.999,
                    epsilon=epsilon,
                    grad=g,
                )
            return loss

        def run(batches: NDArray[np.int64]) -> list[int]:
            rows = tf.unstack(tf.constant(batches))
            times = []
            for row in rows:
                start = perf_counter_ns()
                step(row)
                times.append(perf_counter_ns() - start)
            return times

        self.run = run


class ByHandWorker:
    """Serves one loop."""

    def start(self, label: str, images: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        loops = {"torch/eager": TorchByHand, "tensorflow/function": FunctionByHand}
        self.loop = loops[label](images, labels)

    def run(self, batches: NDArray[np.int64]) -> list[int]:
        return self.loop.run(batches)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), ByHandWorker())
