"""Ops with parameters or randomness as PyTorch layers: constructor, and how parameters are held.

PyTorch's forms are the IR's own, so that no parameter is transformed.
"""

from __future__ import annotations

from collections.abc import Callable

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.torch import functions, recurrent, resizing, sources
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op


def linear(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Linear)
    features = site.types[0].shape[-1]
    return _layer(site, call("nn.Linear", features, op.out_features, **_unless(op.bias, "bias")))


def embedding(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Embedding)
    options = {} if op.padding_idx is None else {"padding_idx": op.padding_idx}
    return _layer(site, call("nn.Embedding", op.num_embeddings, op.embedding_dim, **options))


def conv(site: Site) -> Layer:
    """Padding that differs before and after is done in front of the layer."""
    op = site.node.op
    assert isinstance(op, ops.Conv)
    options: dict[str, object] = {}
    if set(op.stride) != {1}:
        options["stride"] = short(op.stride)
    if padding := symmetric_padding(op):
        options["padding"] = short(padding)
    if set(op.dilation) != {1}:
        options["dilation"] = short(op.dilation)
    if op.groups != 1:
        options["groups"] = op.groups
    options |= _unless(op.bias, "bias")
    function = f"nn.Conv{len(op.kernel_size)}d"
    channels = site.types[0].shape[1]
    return _layer(site, call(function, channels, op.out_channels, short(op.kernel_size), **options))


def batch_norm(site: Site) -> Layer:
    """The stock layer's running variance follows the unbiased one."""
    op = site.node.op
    assert isinstance(op, ops.BatchNorm)
    name = f"BatchNorm{max(len(site.types[0].shape) - 2, 1)}d"
    function = f"nn.{name}" if op.unbiased else f"Biased{name}"
    options = {"eps": op.eps, "momentum": op.momentum, **_unless(op.affine, "affine")}
    return _layer(site, call(function, site.types[0].shape[1], **options))


def layer_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.LayerNorm)
    shape = op.normalized_shape[0] if len(op.normalized_shape) == 1 else op.normalized_shape
    options = {"eps": op.eps, **_unless(op.affine, "elementwise_affine")}
    options |= _unless(op.bias, "bias") if op.affine else {}
    return _layer(site, call("nn.LayerNorm", shape, **options))


def rms_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.RMSNorm)
    shape = op.normalized_shape[0] if len(op.normalized_shape) == 1 else op.normalized_shape
    options = {"eps": op.eps, **_unless(op.affine, "elementwise_affine")}
    return _layer(site, call("nn.RMSNorm", shape, **options))


def group_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.GroupNorm)
    options = {"eps": op.eps, **_unless(op.affine, "affine")}
    return _layer(site, call("nn.GroupNorm", op.groups, site.types[0].shape[1], **options))


def dropout(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Dropout)
    if not op.shared:
        return _layer(site, call("nn.Dropout", op.p))
    shared = tuple(sorted(map(site.position, op.shared)))
    axes = site.types[0].rank - 2
    if axes in (1, 2, 3) and shared == tuple(range(2, 2 + axes)):
        return _layer(site, call(f"nn.Dropout{axes}d", op.p))
    return _layer(site, call("SharedDropout", op.p, shared))


def short(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all are equal."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


def symmetric_padding(op: ops.Conv | ops.Convolve) -> tuple[int, ...]:
    """The padding that the layer itself can do; empty if there is none or it is not symmetric."""
    sizes = tuple(before for before, _ in op.padding)
    symmetric = all(before == after for before, after in op.padding)
    return sizes if symmetric and any(sizes) else ()


def _unless(flag: bool, name: str) -> dict[str, object]:
    return {} if flag else {name: False}


def _layer(site: Site, constructor: Source) -> Layer:
    return Layer(constructor, {role: (role, Transform()) for role in site.node.parameters})


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

_CONV = ("in_channels", "out_channels", "kernel_size")

POSITIONAL: dict[str, tuple[str, ...]] = {
    "nn.Linear(": ("in_features", "out_features"),
    "nn.Embedding(": ("num_embeddings", "embedding_dim"),
    **{f"nn.Conv{axes}d(": _CONV for axes in (1, 2, 3)},
    **{f"nn.ConvTranspose{axes}d(": _CONV for axes in (1, 2, 3)},
    **{f"nn.BatchNorm{axes}d(": ("num_features",) for axes in (1, 2, 3)},
    "nn.LayerNorm(": ("normalized_shape",),
    "nn.GroupNorm(": ("num_groups", "num_channels"),
    "nn.Dropout(": ("p",),
    **{f"nn.Dropout{axes}d(": ("p",) for axes in (1, 2, 3)},
    "SharedDropout(": ("p", "axes"),
    "nn.PReLU(": ("num_parameters",),
    "nn.LSTM(": ("input_size", "hidden_size"),
    "nn.GRU(": ("input_size", "hidden_size"),
    "nn.RNN(": ("input_size", "hidden_size"),
}
"""What a layer's constructor calls the arguments that are written without a name."""
