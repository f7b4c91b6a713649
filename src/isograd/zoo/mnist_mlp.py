"""``mnist-mlp``: the first network of most tutorials."""

from __future__ import annotations

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Flatten, Linear, ReLU
from isograd.zoo.entry import ZooEntry


def build() -> Graph:
    """Images [N, 28, 28] to logits [N, 10], through one hidden layer of 128."""
    b = Builder("mnist-mlp")
    x = b.input("x", ("N", 28, 28))
    x = b(Flatten(), x)
    x = b(Linear(128), x, scope="fc1")
    x = b(ReLU(), x)
    return b.finish(b(Linear(10), x, scope="fc2"))


ENTRY = ZooEntry(
    name="mnist-mlp",
    summary="two fully connected layers, 784-128-10, with ReLU",
    build=build,
    data="digits",
    loss="cross_entropy",
)
