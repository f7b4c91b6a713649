"""``cnn-bn``: a small convolutional network with what most often goes wrong in a port."""

from __future__ import annotations

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import BatchNorm, Dropout, Flatten, Linear, ReLU, conv2d, max_pool2d
from isograd.zoo.entry import ZooEntry


def build() -> Graph:
    """Images [N, 1, 28, 28] to logits [N, 10].

    The convolutions have no bias: the normalisation behind them would take it away again.
    """
    b = Builder("cnn-bn")
    x = b.input("x", ("N", 1, 28, 28))
    for index, channels in enumerate((4, 8), start=1):
        x = b(conv2d(channels, 3, padding=1, bias=False), x, scope=f"conv{index}")
        x = b(BatchNorm(), x, scope=f"bn{index}")
        x = b(ReLU(), x, scope=f"relu{index}")
        x = b(max_pool2d(2), x, scope=f"pool{index}")
    x = b(Flatten(), x)
    x = b(Dropout(0.25), x)
    return b.finish(b(Linear(10), x, scope="fc"))


ENTRY = ZooEntry(
    name="cnn-bn",
    summary="two convolutions with batch normalisation and max pooling, dropout, one linear layer",
    build=build,
    data="digits",
    loss="cross_entropy",
)
