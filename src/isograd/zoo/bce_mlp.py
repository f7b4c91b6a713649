"""``bce-mlp``: binary classification of tabular data."""

from __future__ import annotations

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Linear, ReLU
from isograd.zoo.entry import ZooEntry


def build() -> Graph:
    """Features [N, 30] to one logit each, [N, 1], through one hidden layer of 16."""
    b = Builder("bce-mlp")
    x = b.input("x", ("N", 30))
    x = b(Linear(16), x, scope="fc1")
    x = b(ReLU(), x)
    return b.finish(b(Linear(1), x, scope="fc2"))


ENTRY = ZooEntry(
    name="bce-mlp",
    summary="two fully connected layers, 30-16-1, with ReLU, for two classes",
    build=build,
    data="breast-cancer",
    loss="binary_cross_entropy",
)
