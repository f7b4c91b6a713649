"""``lenet``: LeNet-5.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998, figure 2. As is usual today, sub-sampling is
plain average pooling, the second convolution sees all channels, the activation is an unscaled tanh
in front of the pooling, the output layer gives logits, and images of 28 x 28 are padded to 32 x 32
by the first convolution. Layer C5 is written as the fully connected layer that it amounts to.
"""

from __future__ import annotations

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Flatten, Linear, Tanh, avg_pool2d, conv2d
from isograd.zoo.entry import ZooEntry


def build() -> Graph:
    """Images [N, 1, 28, 28] to logits [N, 10]."""
    b = Builder("lenet")
    x = b.input("x", ("N", 1, 28, 28))
    x = b(conv2d(6, 5, padding=2), x, scope="conv1")
    x = b(Tanh(), x, scope="tanh1")
    x = b(avg_pool2d(2), x, scope="pool1")
    x = b(conv2d(16, 5), x, scope="conv2")
    x = b(Tanh(), x, scope="tanh2")
    x = b(avg_pool2d(2), x, scope="pool2")
    x = b(Flatten(), x)
    x = b(Linear(120), x, scope="fc1")
    x = b(Tanh(), x, scope="tanh3")
    x = b(Linear(84), x, scope="fc2")
    x = b(Tanh(), x, scope="tanh4")
    return b.finish(b(Linear(10), x, scope="fc3"))


ENTRY = ZooEntry(
    name="lenet",
    summary="LeNet-5: two convolutions with average pooling, three fully connected layers, tanh",
    build=build,
    data="digits",
    loss="cross_entropy",
)
