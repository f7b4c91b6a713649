"""Small networks with the layouts that go wrong in ports."""

from __future__ import annotations

from collections.abc import Callable

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph


def flatten_linear() -> Graph:
    b = Builder("flatten linear")
    x = b(ops.conv2d(4, 3), b.input("x", ("N", 2, 6, 5)), scope="conv")
    x = b(ops.Dropout(0.5), b(ops.Flatten(), x), scope="drop")
    x = b(ops.BatchNorm(), b(ops.GELU(), x), scope="bn")
    x = b(ops.Multiply(), x, b(ops.LayerNorm((48,)), x, scope="ln"))
    return b.finish(b(ops.Linear(3), x, scope="fc"))


def patches() -> Graph:
    b = Builder("patches")
    x = b(ops.conv2d(6, 2, stride=2), b.input("image", ("N", 3, 6, 4)), scope="embed")
    x = b(ops.Transpose((0, 2, 1)), b(ops.Flatten(2), x))
    x = b(ops.LayerNorm((6,)), x, scope="norm")
    return b.finish(b(ops.Linear(5), b(ops.Mean((1,)), x), scope="head"))


def transpose_layer_norm() -> Graph:
    b = Builder("transpose layer norm")
    x = b(ops.conv2d(6, 3, padding=1), b.input("x", ("N", 3, 4, 5)), scope="conv")
    x = b(ops.LayerNorm((6,)), b(ops.Transpose((0, 2, 3, 1)), x), scope="norm")
    return b.finish(b(ops.Linear(4), x, scope="fc"))


def two_branches() -> Graph:
    b = Builder("two branches")
    x = b.input("x", ("N", 3, 6, 6))
    y = b(ops.ReLU(), b(ops.conv2d(4, 3, padding=1), x, scope="left"))
    z = b(ops.max_pool2d(3, 1, 1), x)
    x = b(ops.conv2d(2, 1), b(ops.Concat(1), y, z, x), scope="merge")
    return b.finish(b(ops.Mean((2, 3)), x))


def residual() -> Graph:
    b = Builder("residual")
    x = b(ops.conv2d(4, 3, padding=1, bias=False), b.input("x", ("N", 3, 6, 6)), scope="stem.conv")
    y = b(ops.BatchNorm(), b(ops.conv2d(8, 3, 2, 1), x, scope="block.conv1"), scope="block.bn1")
    y = b(ops.conv2d(8, 3, padding=1), b(ops.ReLU(), y), scope="block.conv2")
    y = b(ops.BatchNorm(), y, scope="block.bn2")
    x = b(ops.ReLU(), b(ops.Add(), b(ops.conv2d(8, 1, 2), x, scope="block.down"), y))
    x = b(ops.Flatten(), b(ops.GlobalAvgPool(keepdims=True), x))
    return b.finish(b(ops.Linear(3), x, scope="fc"))


def squeeze_excite() -> Graph:
    b = Builder("squeeze excite")
    x = b(ops.conv2d(4, 3), b.input("x", ("N", 2, 5, 5)), scope="conv")
    s = b(ops.Linear(4), b(ops.GlobalAvgPool(), x), scope="gate")
    s = b(ops.Reshape(("N", 4, 1, 1)), b(ops.Sigmoid(), s))
    return b.finish(b(ops.Multiply(), x, s))


def channel_softmax() -> Graph:
    b = Builder("segmentation")
    x = b(ops.conv2d(5, 3, padding=1), b.input("x", ("N", 3, 4, 6)), scope="conv")
    return b.finish(b(ops.LogSoftmax(1), x))


def signal() -> Graph:
    b = Builder("signal")
    x = b(ops.conv1d(4, 3, padding=1), b.input("x", ("N", 2, 12)), scope="conv1")
    x = b(ops.MaxPool((2,), (2,), ((0, 0),), (1,)), b(ops.BatchNorm(), x, scope="bn"))
    x = b(ops.Flatten(), b(ops.conv1d(3, 3, stride=2), x, scope="conv2"))
    return b.finish(b(ops.Linear(2), x, scope="fc"))


def two_inputs() -> Graph:
    b = Builder("two inputs")
    image, tokens = b.input("image", ("N", 2, 5, 5)), b.input("tokens", ("N", 3), "int")
    x = b(ops.Flatten(), b(ops.conv2d(3, 2, stride=2), image, scope="conv"))
    y = b(ops.Flatten(), b(ops.Embedding(3, 4), tokens, scope="embed"))
    return b.finish(b(ops.Linear(2), b(ops.Concat(1), x, y), scope="fc"))


def two_outputs() -> Graph:
    b = Builder("two outputs")
    x = b(ops.conv2d(3, 3), b.input("x", ("N", 2, 5, 6)), scope="conv")
    y = b(ops.Linear(4), b(ops.Flatten(), x), scope="fc")
    return b.finish(x, y)


def shared() -> Graph:
    b = Builder("shared")
    x = b(ops.conv2d(4, 3, padding=1), b.input("x", ("N", 4, 3, 3)), scope="conv")
    x = b(ops.Flatten(), b(ops.BatchNorm(), x, scope="bn"))
    y = b(ops.Linear(36), x, scope="fc")
    return b.finish(b(ops.Linear(36), b(ops.Tanh(), y), scope="fc"))


def reshaped_features() -> Graph:
    b = Builder("reshaped features")
    x = b(ops.Flatten(), b(ops.conv2d(4, 2), b.input("x", ("N", 2, 4, 4)), scope="conv"))
    y = b(ops.Softmax(), x)
    return b.finish(b(ops.Linear(3), b(ops.Reshape(("N", 6, 6)), x), scope="fc"), y)


def mixed_orders() -> Graph:
    b = Builder("mixed orders")
    x, a = b.input("x", ("N", 3, 4, 4)), b.input("a", ("N", 3, 4, 4))
    bias = b.input("bias", (4, 1))
    y = b(ops.conv2d(3, 3, padding=1), x, scope="conv")
    y = b(ops.Subtract(), b(ops.Add(), y, b(ops.Reshape(("N", 3, 4, 4)), a)), bias)
    return b.finish(b(ops.LayerNorm((4, 4)), b(ops.Maximum(), y, a), scope="norm"), y)


def attention() -> Graph:
    b = Builder("attention")
    x = b.input("x", ("N", 5, 6))

    def heads(scope: str, axes: tuple[int, ...]) -> str:
        y = b(ops.Reshape(("N", 5, 2, 3)), b(ops.Linear(6), x, scope=scope))
        return b(ops.Transpose(axes), y)

    q, k, v = heads("q", (0, 2, 1, 3)), heads("k", (0, 2, 3, 1)), heads("v", (0, 2, 1, 3))
    scores = b(ops.MultiplyScalar(3**-0.5), b(ops.MatMul(), q, k))
    y = b(ops.MatMul(), b(ops.Softmax(), scores), v)
    y = b(ops.Reshape(("N", 5, 6)), b(ops.Transpose((0, 2, 1, 3)), y))
    return b.finish(b(ops.Add(), x, b(ops.Linear(6), y, scope="out")))


def linear_over_width() -> Graph:
    b = Builder("linear over width")
    x = b(ops.conv2d(4, 3, padding=1), b.input("x", ("N", 2, 3, 5)), scope="conv")
    x = b(ops.Linear(7), x, scope="fc")
    return b.finish(b(ops.GlobalMaxPool(), x))


def shared_over_layouts() -> Graph:
    b = Builder("shared over layouts")
    x = b.input("x", ("N", 2, 3, 3))
    features = b.input("features", ("N", 18))
    y = b(ops.Flatten(), b(ops.conv2d(2, 3, padding=1), x, scope="conv"))
    y = b(ops.Linear(4), b(ops.LayerNorm((18,)), y, scope="norm"), scope="fc")
    z = b(ops.Linear(4), b(ops.LayerNorm((18,)), features, scope="norm"), scope="fc")
    return b.finish(b(ops.Add(), y, z))


def shared_norms_over_layouts() -> Graph:
    """Square images, so that only the numbers tell which axis is which."""
    b = Builder("shared norms over layouts")
    x = b.input("x", ("N", 4, 4))
    for norm in (ops.LayerNorm((4,)), ops.RMSNorm((4,))):
        scope = type(norm).__name__
        x = b(norm, b(ops.BatchNorm(), x), scope=scope)
        x = b(norm, b(ops.MatMul(), x, x), scope=scope)
    return b.finish(x)


def unused() -> Graph:
    b = Builder("unused")
    x = b.input("x", ("N", 2, 4, 4))
    b.input("never_read", ("N", 3))
    b(ops.BatchNorm(), x, scope="bn")
    return b.finish(b(ops.Flatten(), x), x)


def handed_over() -> Graph:
    """An encoder's final states are where a decoder starts."""
    b = Builder("handed over")
    x, y = b.input("x", ("N", 7, 3)), b.input("y", ("N", 5, 2))
    made = b(ops.LSTM(4), x, scope="encoder")
    h, c = b(ops.Select(1, -1), made), b(ops.CellState(), made)
    return b.finish(b(ops.LSTM(4), y, h, c, scope="decoder"))


def padded() -> Graph:
    """Steps of zeros are skipped; the state behind them goes on."""
    b = Builder("padded")
    x, h = b.input("x", ("N", 6, 3)), b.input("h", ("N", 4))
    mask = b(ops.Any((2,)), b(ops.CompareScalar("!=", 0.0), b(ops.ReLU(), x)))
    made = b(ops.GRU(4, masked=True), x, h, mask, scope="gru")
    return b.finish(made, b(ops.Linear(2), b(ops.HiddenState(), made), scope="head"))


NETWORKS: dict[str, Callable[[], Graph]] = {
    make.__name__: make
    for make in (
        flatten_linear,
        patches,
        transpose_layer_norm,
        two_branches,
        residual,
        squeeze_excite,
        channel_softmax,
        signal,
        two_inputs,
        two_outputs,
        shared,
        reshaped_features,
        mixed_orders,
        attention,
        linear_over_width,
        shared_over_layouts,
        shared_norms_over_layouts,
        unused,
        handed_over,
        padded,
    )
}
