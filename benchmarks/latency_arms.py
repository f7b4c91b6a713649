"""One network in one mode, as a worker of the latency benchmark: evaluations and training steps.

Twins and networks written natively go through the same loop; values are random, since the time of
a step does not depend on them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from math import prod
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter_ns
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from isograd.frameworks import part
from isograd.frameworks.source import load_class
from isograd.measure.worker import serve

RATE = 1e-4


class Looped(Protocol):
    """A network and what can be done with it again and again."""

    def parameters(self) -> int:
        """How many numbers it has: weights and running statistics."""

    def repeated(
        self, training: bool, inputs: NDArray[np.generic], targets: NDArray[np.int64]
    ) -> Callable[[], object]:
        """An evaluation, or a training step."""


class TorchNetwork:
    """Eager, or compiled as a whole; the optimizer is PyTorch's own."""

    def __init__(self, make: Callable[[], object], mode: str) -> None:
        import torch

        self.torch = torch
        self.network = make()
        self.call = torch.compile(self.network) if mode == "compile" else self.network
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=RATE)

    def parameters(self) -> int:
        state = self.network.state_dict()
        return sum(v.numel() for name, v in state.items() if "num_batches_tracked" not in name)

    def repeated(
        self, training: bool, inputs: NDArray[np.generic], targets: NDArray[np.int64]
    ) -> Callable[[], object]:
        torch = self.torch
        torch.compiler.reset()
        x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
        self.network.train(training)

        def evaluate() -> object:
            with torch.no_grad():
                return self.call(x)

        def step() -> object:
            self.optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.call(x), y)
            loss.backward()
            self.optimizer.step()
            return loss

        return step if training else evaluate


class TensorFlowNetwork:
    """One ``tf.function`` for an evaluation or a whole step; the optimizer is Keras' own."""

    def __init__(self, make: Callable[[], object], mode: str) -> None:
        import keras
        import tensorflow as tf

        self.tf = tf
        self.network = make()
        self.optimizer = keras.optimizers.SGD(RATE)

    def parameters(self) -> int:
        return sum(prod(weight.shape) for weight in self.network.weights)

    def repeated(
        self, training: bool, inputs: NDArray[np.generic], targets: NDArray[np.int64]
    ) -> Callable[[], object]:
        tf, network = self.tf, self.network
        x, y = tf.constant(inputs), tf.constant(targets)
        network(x, training=False)
        weights = network.trainable_variables
        self.optimizer.build(weights)

        @tf.function
        def evaluate(x: object) -> object:
            return network(x, training=False)

        @tf.function
        def step(x: object, y: object) -> object:
            with tf.GradientTape() as tape:
                logits = network(x, training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
                loss = tf.reduce_mean(losses)
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return loss

        return (lambda: step(x, y)) if training else (lambda: evaluate(x))


NETWORKS = {"torch": TorchNetwork, "tensorflow": TensorFlowNetwork}


class LatencyWorker:
    """Serves one network; `prepare` chooses what `run` repeats."""

    network: Looped
    again: Callable[[], object]

    def start(self, framework: str, mode: str, source: Path, symbol: str) -> None:
        """Makes the network that ``symbol`` makes in the file ``source``."""
        part(framework, "runtime").configure("cpu", 1)
        self.network = NETWORKS[framework](load_class(source, symbol), mode)

    def prepare(self, training: bool, shape: tuple[int, ...], below: int | None) -> int:
        """Draws inputs of ``shape``, whole numbers if they stay ``below`` something, makes a first
        call, and returns the number of parameters."""
        rng = np.random.default_rng(0)
        inputs = rng.integers(below, size=shape) if below else rng.standard_normal(shape, "f4")
        self.again = self.network.repeated(training, inputs, rng.integers(10, size=shape[0]))
        self.again()
        return self.network.parameters()

    def run(self, steps: int) -> Sequence[int]:
        """Nanoseconds of each repetition."""
        times = []
        for _ in range(steps):
            start = perf_counter_ns()
            self.again()
            times.append(perf_counter_ns() - start)
        return times


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), LatencyWorker())
