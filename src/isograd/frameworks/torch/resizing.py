"""Ops that change spatial sizes, in PyTorch: transposed convolution, resizing, adaptive pooling."""

from __future__ import annotations

from collections.abc import Callable

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.notation import Expression
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op


def conv_transpose_layer(site: Site) -> Layer:
    """Padding that differs before and after is cut off behind the layer."""
    op = site.node.op
    assert isinstance(op, ops.ConvTranspose)
    options: dict[str, object] = {}
    if set(op.stride) != {1}:
        options["stride"] = _short(op.stride)
    if _symmetric(op) and any(sum(op.padding, ())):
        options["padding"] = _short(tuple(before for before, _ in op.padding))
    if _symmetric(op) and any(op.output_padding):
        options["output_padding"] = _short(op.output_padding)
    if op.groups != 1:
        options["groups"] = op.groups
    if not op.bias:
        options["bias"] = False
    if set(op.dilation) != {1}:
        options["dilation"] = _short(op.dilation)
    function = f"nn.ConvTranspose{len(op.kernel_size)}d"
    channels = site.types[0].shape[1]
    constructor = call(function, channels, op.out_channels, _short(op.kernel_size), **options)
    return Layer(constructor, {role: (role, Transform()) for role in site.node.parameters})


def conv_transpose(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.ConvTranspose)
    whole = call(site.layer, site.x)
    if _symmetric(op):
        return whole
    pairs = zip(op.padding, op.output_padding, strict=True)
    flat = tuple(n for (b, a), more in reversed(list(pairs)) for n in (-b, more - a))
    return call("F.pad", whole, flat)


def _symmetric(op: ops.ConvTranspose) -> bool:
    limits = zip(op.stride, op.dilation, strict=True)
    fits = all(m < max(limit) for m, limit in zip(op.output_padding, limits, strict=True))
    return fits and all(before == after for before, after in op.padding)


def resize(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Resize)
    axes = site.types[0].rank - 2
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}
    mode = "nearest" if op.mode == "nearest" else linear[axes]
    options: dict[str, object] = (
        {"size": op.size} if op.size is not None else {"scale_factor": op.scale}
    )
    options["mode"] = f'"{mode}"'
    if op.align_corners and op.mode != "nearest":
        options["align_corners"] = True
    return call("F.interpolate", site.x, **options)


def adaptive(function: str) -> Expression:
    """Adaptive pooling."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.AdaptiveAvgPool | ops.AdaptiveMaxPool)
        return call(f"F.{function}{len(op.output_size)}d", site.x, _short(op.output_size))

    return write


def _short(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    return sizes[0] if len(set(sizes)) == 1 else sizes


LAYERS: dict[type[Op], Callable[[Site], Layer]] = {ops.ConvTranspose: conv_transpose_layer}
"""Op to its layer."""

EXPRESSIONS: dict[type[Op], Expression] = {
    ops.ConvTranspose: conv_transpose,
    ops.Resize: resize,
    ops.AdaptiveAvgPool: adaptive("adaptive_avg_pool"),
    ops.AdaptiveMaxPool: adaptive("adaptive_max_pool"),
}
"""Op to its expression."""
