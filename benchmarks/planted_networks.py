"""Small networks that between them have a place for every known cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph


@dataclass(frozen=True)
class Network:
    """A graph, the loss that it is trained with, and the axis of its classes."""

    make: Callable[[], Graph]
    loss: str
    axis: int = -1


def cnn() -> Graph:
    b = Builder("cnn")
    x = b(ops.conv2d(4, 3, stride=2, padding=1), b.input("x", ("N", 2, 12, 10)), scope="conv1")
    x = b(ops.ReLU(), b(ops.BatchNorm(), x, scope="bn"))
    x = b(ops.max_pool2d(3, 1, 1), x)
    x = b(ops.LeakyReLU(), b(ops.conv2d(4, 3, padding=1), x, scope="conv2"))
    x = b(ops.avg_pool2d(2, 2, 1), x)
    x = b(ops.Linear(6), b(ops.Flatten(), x), scope="fc1")
    x = b(ops.Dropout(0.25), b(ops.Tanh(), x), scope="drop")
    return b.finish(b(ops.Linear(5), x, scope="fc2"))


def residual() -> Graph:
    b = Builder("residual")
    x = b(ops.conv2d(4, 3, padding=1, bias=False), b.input("x", ("N", 3, 9, 9)), scope="stem.conv")
    x = b(ops.ReLU(), b(ops.BatchNorm(), x, scope="stem.bn"))
    y = b(ops.conv2d(8, 3, 2, 1, groups=2), x, scope="block.conv1")
    y = b(ops.SiLU(), b(ops.GroupNorm(2), y, scope="block.gn1"))
    y = b(ops.BatchNorm(), b(ops.conv2d(8, 3, padding=1), y, scope="block.conv2"), scope="block.bn")
    x = b(ops.ReLU(), b(ops.Add(), b(ops.conv2d(8, 1, 2), x, scope="block.down"), y))
    x = b(ops.conv2d(6, 3, padding=2, dilation=2), x, scope="last")
    return b.finish(b(ops.Linear(4), b(ops.GlobalAvgPool(), b(ops.ReLU(), x)), scope="fc"))


def mlp() -> Graph:
    b = Builder("mlp")
    x = b(ops.GELU(), b(ops.Linear(8), b.input("x", ("N", 6)), scope="fc1"))
    x = b(ops.LayerNorm((8,)), b(ops.Linear(8), x, scope="square"), scope="norm")
    x = b(ops.Dropout(0.5), b(ops.HardSigmoid(), x), scope="drop")
    y = b(ops.ELU(), b(ops.Linear(4), x, scope="left"))
    z = b(ops.Softplus(), b(ops.Linear(3), x, scope="right"))
    return b.finish(b(ops.Linear(1), b(ops.Concat(1), y, z), scope="out"))


def lstm() -> Graph:
    b = Builder("lstm")
    x = b(ops.LSTM(5), b.input("x", ("N", 6, 3)), scope="lstm")
    x = b(ops.Dropout(0.25), x, scope="drop")
    x = b(ops.Select(1, -1), b(ops.LSTM(4), x, scope="lstm2"))
    return b.finish(b(ops.Linear(2), x, scope="head"))


def gru() -> Graph:
    b = Builder("gru")
    x = b(ops.Embedding(7, 4, padding_idx=0), b.input("tokens", ("N", 6), "int"), scope="embed")
    x = b(ops.GRU(5), x, scope="gru")
    x = b(ops.LayerNorm((5,)), b(ops.Select(1, -1), x), scope="norm")
    return b.finish(b(ops.Linear(4), x, scope="head"))


def cell() -> Graph:
    """One step of a recurrence that somebody wrote by hand."""
    b = Builder("cell")
    x, h = b.input("x", ("N", 4)), b.input("h", ("N", 3))
    a = b(ops.Add(), b(ops.Linear(12), x, scope="inputs"), b(ops.Linear(12), h, scope="state"))
    i, f, g, o = (b(ops.Slice(1, 3 * k, 3 * k + 3), a) for k in range(4))
    c = b(ops.Multiply(), b(ops.Sigmoid(), f), b(ops.Linear(3, bias=False), h, scope="carry"))
    c = b(ops.Add(), c, b(ops.Multiply(), b(ops.Sigmoid(), i), b(ops.Tanh(), g)))
    y = b(ops.Multiply(), b(ops.Sigmoid(), o), b(ops.Tanh(), c))
    y = b(ops.Subtract(), y, b(ops.Linear(3), x, scope="target"))
    return b.finish(b(ops.Linear(1), y, scope="out"))


def transformer() -> Graph:
    b = Builder("transformer")
    x = b(ops.Linear(8), b.input("x", ("N", 5, 3)), scope="embed")
    y = b(ops.LayerNorm((8,)), x, scope="norm1")

    def heads(scope: str) -> str:
        z = b(ops.Reshape(("N", 5, 2, 4)), b(ops.Linear(8), y, scope=scope))
        return b(ops.Transpose((0, 2, 1, 3)), z)

    z = b(ops.Attention(causal=True), heads("q"), heads("k"), heads("v"))
    z = b(ops.Reshape(("N", 5, 8)), b(ops.Transpose((0, 2, 1, 3)), z))
    x = b(ops.Add(), x, b(ops.Dropout(0.25), b(ops.Linear(8), z, scope="out"), scope="drop"))
    y = b(ops.RMSNorm((8,)), x, scope="norm2")
    y = b(ops.Linear(8), b(ops.GELU(), b(ops.Linear(12), y, scope="up")), scope="down")
    x = b(ops.Mean((1,)), b(ops.Add(), x, y))
    return b.finish(b(ops.Linear(4), x, scope="head"))


def language() -> Graph:
    """Attention by hand, a mask, and a table that is used for the scores of words, too."""
    b = Builder("language")
    tokens, mask = b.input("tokens", ("N", 5), "int"), b.input("mask", ("N", 5), "bool")
    x = b(ops.Embedding(9, 6), tokens, scope="embed")
    q, k, v = (b(ops.Linear(6), x, scope=scope) for scope in "qkv")
    scores = b(ops.MatMul(), q, b(ops.Transpose((0, 2, 1)), k))
    scores = b(ops.MultiplyScalar(6**-0.5), scores)
    hidden = b(ops.Reshape(("N", 1, 5)), b(ops.LogicalNot(), mask))
    scores = b(ops.Where(), hidden, b(ops.Full((), -1e4)), scores)
    y = b(ops.MatMul(), b(ops.Softmax(), scores), v)
    x = b(ops.LayerNorm((6,)), b(ops.Add(), x, y), scope="norm")
    graph = b.finish(b(ops.Linear(9, bias=False), x, scope="words"))
    return tied(graph, "embed.weight", "words.weight")


def unet() -> Graph:
    b = Builder("u net")
    x = b(ops.ReLU(), b(ops.conv2d(4, 3, padding=1), b.input("x", ("N", 2, 8, 6)), scope="down1"))
    y = b(ops.ReLU(), b(ops.conv2d(6, 3, stride=2, padding=1), x, scope="down2"))
    y = b(ops.Resize((8, 6), None, "bilinear"), b(ops.conv2d(4, 1), y, scope="narrow"))
    y = b(ops.BatchNorm(), b(ops.conv2d(4, 3, padding=1), y, scope="up"), scope="bn")
    x = b(ops.Concat(1), x, b(ops.Softsign(), y))
    return b.finish(b(ops.conv2d(3, 1), x, scope="head"))


def signal() -> Graph:
    """Classes for every place of a signal."""
    b = Builder("signal")
    x = b(ops.conv1d(6, 3, padding=1), b.input("x", ("N", 2, 13)), scope="conv1")
    x = b(ops.ReLU(), b(ops.BatchNorm(), x, scope="bn"))
    x = b(ops.MaxPool((2,), (2,), ((0, 0),), (1,)), x)
    x = b(ops.Transpose((0, 2, 1)), b(ops.conv1d(6, 3, padding=1), x, scope="conv2"))
    x = b(ops.Linear(6), b(ops.LayerNorm((6,)), x, scope="norm"), scope="mix")
    x = b(ops.Mean((1,)), b(ops.Tanh(), x))
    return b.finish(b(ops.Linear(1), x, scope="fc"))


def tied(graph: Graph, kept: str, gone: str) -> Graph:
    """The graph in which whoever used the parameter ``gone`` uses ``kept``."""
    nodes = tuple(
        replace(node, parameters={r: kept if n == gone else n for r, n in node.parameters.items()})
        for node in graph.nodes
    )
    parameters = {name: spec for name, spec in graph.parameters.items() if name != gone}
    return replace(graph, nodes=nodes, parameters=parameters)


NETWORKS = {
    network.make.__name__: network
    for network in (
        Network(cnn, "cross_entropy"),
        Network(residual, "cross_entropy"),
        Network(mlp, "mean_squared_error"),
        Network(lstm, "mean_squared_error"),
        Network(gru, "cross_entropy"),
        Network(cell, "binary_cross_entropy"),
        Network(transformer, "cross_entropy"),
        Network(language, "cross_entropy"),
        Network(unet, "mean_squared_error"),
        Network(signal, "binary_cross_entropy"),
    )
}
"""Network name to network."""
