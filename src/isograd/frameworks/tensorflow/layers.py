"""Ops with parameters or randomness as Keras layers: constructor, and how parameters are held.

Keras keeps kernels with the output channels last, so that they are permuted.
"""

from __future__ import annotations

from collections.abc import Callable

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.tensorflow import functions, recurrent, resizing, sources
from isograd.ir import ops
from isograd.ir.mapping import Permute, Transform
from isograd.ir.ops import Op
from isograd.ir.ops.base import Dim


def linear(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Linear)
    constructor = call("keras.layers.Dense", op.out_features, **_unless(op.bias, "use_bias"))
    return _layer(site, constructor, weight=("kernel", (1, 0)), bias=("bias", None))


def embedding(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Embedding)
    constructor = call("keras.layers.Embedding", op.num_embeddings, op.embedding_dim)
    return _layer(site, constructor, weight=("embeddings", None))


def conv(site: Site) -> Layer:
    """Stride and dilation at once is more than Keras can do: the stride is then taken behind the
    layer. Padding is "same" only where that is the op's own.
    """
    op = site.node.op
    assert isinstance(op, ops.Conv)
    options: dict[str, object] = {}
    if set(op.stride) != {1} and not strides_outside(op):
        options["strides"] = short(op.stride)
    if is_same(site.types[0].shape[2:], op.kernel_size, op.stride, op.padding, op.dilation):
        options["padding"] = '"same"'
    if set(op.dilation) != {1}:
        options["dilation_rate"] = short(op.dilation)
    axes = tuple(range(2, 2 + len(op.kernel_size)))
    name = f"Conv{len(op.kernel_size)}D"
    kernel_size = short(op.kernel_size)
    if _is_depthwise(site):
        options |= _unless(op.bias, "use_bias")
        constructor = call(f"keras.layers.Depthwise{name}", kernel_size, **options)
        return _layer(site, constructor, weight=("kernel", (*axes, 0, 1)), bias=("bias", None))
    options |= {"groups": op.groups} if op.groups != 1 else {}
    options |= _unless(op.bias, "use_bias")
    constructor = call(f"keras.layers.{name}", op.out_channels, kernel_size, **options)
    return _layer(site, constructor, weight=("kernel", (*axes, 1, 0)), bias=("bias", None))


def batch_norm(site: Site) -> Layer:
    """The stock layer keeps the biased variance, and stops normalising by the batch when it does
    not train: it is taken only where the difference is accepted.
    """
    op = site.node.op
    assert isinstance(op, ops.BatchNorm)
    if takes_stock_batch_norm(site):
        off = {} if op.affine else {"center": False, "scale": False}
        momentum = {"momentum": 1 - op.momentum, "epsilon": op.eps}
        constructor = call("keras.layers.BatchNormalization", **momentum, **off)
    else:
        options = {**_unless(op.affine, "affine"), **_unless(op.unbiased, "unbiased")}
        constructor = call("BatchNorm", epsilon=op.eps, momentum=op.momentum, **options)
    statistics = {
        "running_mean": ("moving_mean", None),
        "running_var": ("moving_variance", None),
    }
    return _layer(site, constructor, weight=("gamma", None), bias=("beta", None), **statistics)


def layer_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.LayerNorm)
    rank, count = site.types[0].rank, len(op.normalized_shape)
    order = site.placements[0].order
    axes = tuple(i - rank for i, axis in enumerate(order) if axis >= rank - count)
    options = {} if axes == (-1,) else {"axis": axes}
    off = {} if op.affine and op.bias else {"center": False, **_unless(op.affine, "scale")}
    constructor = call("keras.layers.LayerNormalization", **options, epsilon=op.eps, **off)
    return _layer(site, constructor, weight=("gamma", None), bias=("beta", None))


def rms_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.RMSNorm)
    rank, count = site.types[0].rank, len(op.normalized_shape)
    order = site.placements[0].order
    axes = tuple(i - rank for i, axis in enumerate(order) if axis >= rank - count)
    options = _unless(op.affine, "affine")
    constructor = call("RMSNorm", epsilon=op.eps, axes=axes, **options)
    return _layer(site, constructor, weight=("scale", None))


def group_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.GroupNorm)
    off = {} if op.affine else {"center": False, "scale": False}
    constructor = call("keras.layers.GroupNormalization", op.groups, epsilon=op.eps, **off)
    return _layer(site, constructor, weight=("gamma", None), bias=("beta", None))


def dropout(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Dropout)
    if not op.shared:
        return _layer(site, call("keras.layers.Dropout", op.p))
    mask = op.mask_shape(tuple(map(str, range(site.types[0].rank))))
    noise_shape = tuple(1 if mask[axis] == 1 else None for axis in site.placements[0].order)
    return _layer(site, call("keras.layers.Dropout", op.p, noise_shape=noise_shape))


def short(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all are equal."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


def keeps_size(
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> bool:
    """Whether "same" means exactly this padding: stride 1, and half of an odd reach on both sides;
    and some padding is needed.
    """
    halves = [(d * (k - 1) / 2,) * 2 for k, d in zip(kernel_size, dilation, strict=True)]
    return set(stride) == {1} and list(padding) == halves and any(sum(padding, ()))


def is_same(
    sizes: tuple[Dim, ...],
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> bool:
    """Whether Keras' "same" means exactly this padding, for these sizes, and some is needed.

    For a stride s, TensorFlow pads such that ``ceil(size / s)`` windows fit, the odd place behind
    (documentation of ``tf.nn.convolution``).
    """
    if keeps_size(kernel_size, stride, padding, dilation):
        return True
    if not any(sum(padding, ())) or not all(isinstance(size, int) for size in sizes):
        return False
    for size, kernel, step, rate, pair in zip(
        sizes, kernel_size, stride, dilation, padding, strict=True
    ):
        assert isinstance(size, int)
        total = max((-(-size // step) - 1) * step + rate * (kernel - 1) + 1 - size, 0)
        if pair != (total // 2, total - total // 2):
            return False
    return set(stride) == {1} or set(dilation) == {1}


def strides_outside(op: ops.Conv | ops.Convolve) -> bool:
    """Whether the layer works at every position, and the stride is taken from its result."""
    return set(op.stride) != {1} and set(op.dilation) != {1}


def takes_stock_batch_norm(site: Site) -> bool:
    """Whether Keras' own layer is exact, or the accepted difference applies."""
    op = site.node.op
    assert isinstance(op, ops.BatchNorm)
    return (site.idiomatic or not op.unbiased) and not site.frozen


def _is_depthwise(site: Site) -> bool:
    """One filter for each channel, with strides that TensorFlow's kernel takes."""
    op = site.node.op
    assert isinstance(op, ops.Conv)
    one_each = 1 < op.groups == op.out_channels == site.types[0].shape[1]
    return one_each and len(set(op.stride)) == 1


def _unless(flag: bool, name: str) -> dict[str, object]:
    return {} if flag else {name: False}


def _layer(site: Site, constructor: Source, **names: tuple[str, tuple[int, ...] | None]) -> Layer:
    parameters = {
        role: (names[role][0], _permuted(names[role][1])) for role in site.node.parameters
    }
    return Layer(constructor, parameters)


def _permuted(order: tuple[int, ...] | None) -> Transform:
    return Transform(() if order is None else (Permute(order),))


LAYERS: dict[type[Op], Callable[[Site], Layer]] = {
    **recurrent.LAYERS,
    **resizing.LAYERS,
    ops.Linear: linear,
    ops.Embedding: embedding,
    ops.Conv: conv,
    ops.BatchNorm: batch_norm,
    ops.LayerNorm: layer_norm,
    ops.RMSNorm: rms_norm,
    ops.GroupNorm: group_norm,
    ops.Dropout: dropout,
    ops.PReLU: functions.prelu,
    ops.Parameter: sources.parameter,
    ops.Buffer: sources.buffer,
}
"""Op to its layer."""

POSITIONAL: dict[str, tuple[str, ...]] = {
    "keras.layers.Dense(": ("units",),
    "keras.layers.Embedding(": ("input_dim", "output_dim"),
    **{f"keras.layers.Conv{axes}D(": ("filters", "kernel_size") for axes in (1, 2, 3)},
    **{f"keras.layers.Conv{axes}DTranspose(": ("filters", "kernel_size") for axes in (1, 2, 3)},
    **{f"keras.layers.DepthwiseConv{axes}D(": ("kernel_size",) for axes in (1, 2)},
    "keras.layers.GroupNormalization(": ("groups",),
    "keras.layers.Dropout(": ("rate",),
    "PReLU(": ("num_parameters",),
    "keras.layers.LSTM(": ("units",),
    "keras.layers.GRU(": ("units",),
    "keras.layers.SimpleRNN(": ("units",),
}
"""What a layer's constructor calls the arguments that are written without a name."""
