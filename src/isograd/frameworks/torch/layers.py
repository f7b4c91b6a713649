"""Ops with parameters or randomness as PyTorch layers: constructor, and how parameters are held.

PyTorch's forms are the IR's own, so that no parameter is transformed.
"""

from __future__ import annotations

from collections.abc import Callable

from isograd.frameworks.emission import Layer, Site
from isograd.frameworks.formatting import Source, call
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
    return _layer(site, call("nn.Embedding", op.num_embeddings, op.embedding_dim))


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
    op = site.node.op
    assert isinstance(op, ops.BatchNorm)
    function = f"nn.BatchNorm{max(len(site.types[0].shape) - 2, 1)}d"
    options = {"eps": op.eps, "momentum": op.momentum, **_unless(op.affine, "affine")}
    return _layer(site, call(function, site.types[0].shape[1], **options))


def layer_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.LayerNorm)
    shape = op.normalized_shape[0] if len(op.normalized_shape) == 1 else op.normalized_shape
    options = {"eps": op.eps, **_unless(op.affine, "elementwise_affine")}
    return _layer(site, call("nn.LayerNorm", shape, **options))


def group_norm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.GroupNorm)
    options = {"eps": op.eps, **_unless(op.affine, "affine")}
    return _layer(site, call("nn.GroupNorm", op.groups, site.types[0].shape[1], **options))


def dropout(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Dropout)
    return _layer(site, call("nn.Dropout", op.p))


def short(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all are equal."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


def symmetric_padding(op: ops.Conv) -> tuple[int, ...]:
    """The padding that the layer itself can do; empty if there is none or it is not symmetric."""
    sizes = tuple(before for before, _ in op.padding)
    symmetric = all(before == after for before, after in op.padding)
    return sizes if symmetric and any(sizes) else ()


def _unless(flag: bool, name: str) -> dict[str, object]:
    return {} if flag else {name: False}


def _layer(site: Site, constructor: Source) -> Layer:
    return Layer(constructor, {role: (role, Transform()) for role in site.node.parameters})


LAYERS: dict[type[Op], Callable[[Site], Layer]] = {
    ops.Linear: linear,
    ops.Embedding: embedding,
    ops.Conv: conv,
    ops.BatchNorm: batch_norm,
    ops.LayerNorm: layer_norm,
    ops.GroupNorm: group_norm,
    ops.Dropout: dropout,
}
"""Op to its layer."""
