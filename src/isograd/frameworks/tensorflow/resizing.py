"""Ops that change spatial sizes, in Keras: transposed convolution, resizing, adaptive pooling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isograd.errors import UsageError
from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Source, call, listed
from isograd.frameworks.notation import Expression
from isograd.ir import ops
from isograd.ir.mapping import Permute, Transform
from isograd.ir.ops import Op


def conv_transpose_layer(site: Site) -> Layer:
    """The layer makes all places; padding is cut off behind it."""
    op = site.node.op
    assert isinstance(op, ops.ConvTranspose)
    if op.groups != 1:
        raise UsageError(
            f"Keras has no transposed convolution in groups (node {site.node.name!r}).",
            where=site.node.source,
            hint="Split the channels, and join the results.",
        )
    axes = len(op.kernel_size)
    options: dict[str, object] = {}
    if set(op.stride) != {1}:
        options["strides"] = _short(op.stride)
    if any(beyond := _beyond(op)) or _overlap(op):
        options["output_padding"] = _short(beyond)
    if set(op.dilation) != {1}:
        options["dilation_rate"] = _short(op.dilation)
    if not op.bias:
        options["use_bias"] = False
    constructor = call(
        f"keras.layers.Conv{axes}DTranspose", op.out_channels, _short(op.kernel_size), **options
    )
    order = (*range(2, 2 + axes), 1, 0)
    native = {
        "weight": ("kernel", Transform((Permute(order),))),
        "bias": ("bias", Transform()),
    }
    return Layer(constructor, {role: native[role] for role in site.node.parameters})


def _beyond(op: ops.ConvTranspose) -> tuple[int, ...]:
    """What is made behind the last place that a kernel reaches."""
    pairs = zip(op.padding, op.output_padding, strict=True)
    return tuple(max(more - after, 0) for (_, after), more in pairs)


def _overlap(op: ops.ConvTranspose) -> bool:
    """Whether kernels leave gaps, which Keras would fill at the end too unless it is told."""
    reach = (d * (k - 1) + 1 for d, k in zip(op.dilation, op.kernel_size, strict=True))
    return any(size < stride for size, stride in zip(reach, op.stride, strict=True))


def conv_transpose(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.ConvTranspose)
    pairs = zip(op.padding, op.output_padding, strict=True)
    cuts = [(before, max(after - more, 0)) for (before, after), more in pairs]
    whole = f"{site.layer}({site.x})"
    if not any(sum(cuts, ())):
        return whole
    parts = (f"{before or ''}:{-after if after else ''}" for before, after in cuts)
    return f"{whole}[:, {', '.join(parts)}]"


def resize(site: Site) -> Source:
    """Whole factors repeat each place; all else takes places by number."""
    op = site.node.op
    assert isinstance(op, ops.Resize)
    old, new = site.types[0].shape[2:], site.node.type.shape[2:]
    whole = [
        n // o if isinstance(o, int) and isinstance(n, int) and n % o == 0 else 0
        for o, n in zip(old, new, strict=True)
    ]
    exact = op.scale is None or all(factor == int(factor) for factor in op.scale)
    if op.mode == "nearest" and all(whole) and exact:
        source: Source = site.x
        for place, factor in enumerate(whole, start=1):
            source = source if factor == 1 else call("ops.repeat", source, factor, axis=place)
        return source
    if any(isinstance(size, str) for size in old):
        raise UsageError(
            f"Resizing of a symbolic size (node {site.node.name!r}).",
            where=site.node.source,
            hint="Give the spatial axes of the input as numbers.",
        )
    steps = op.scale or tuple(n / o for o, n in zip(old, new, strict=True))  # type: ignore[operator]
    if op.mode == "nearest":
        return _nearest(site, op)
    return call("resize_linear", site.x, new, steps, op.align_corners)


def _nearest(site: Site, op: ops.Resize) -> Source:
    """PyTorch finds the places in float32: those of small factors may be others than in theory."""
    source: Source = site.x
    old, new = site.types[0].shape[2:], site.node.type.shape[2:]
    for axis, (have, count) in enumerate(zip(old, new, strict=True)):
        assert isinstance(have, int)
        assert isinstance(count, int)
        step = 1 / op.scale[axis] if op.scale else have / count
        places = np.float32(step) * np.arange(count, dtype=np.float32)
        chosen = np.minimum(places.astype(int), have - 1).tolist()
        if chosen != list(range(have)):
            source = call("ops.take", source, listed(tuple(map(str, chosen))), axis=axis + 1)
    return source


def adaptive(reduction: str) -> Expression:
    """Adaptive pooling."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.AdaptiveAvgPool | ops.AdaptiveMaxPool)
        return call("adaptive_pool", site.x, op.output_size, reduction)

    return write


def _short(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    return sizes[0] if len(set(sizes)) == 1 else sizes


LAYERS: dict[type[Op], Callable[[Site], Layer]] = {ops.ConvTranspose: conv_transpose_layer}
"""Op to its layer."""

EXPRESSIONS: dict[type[Op], Expression] = {
    ops.ConvTranspose: conv_transpose,
    ops.Resize: resize,
    ops.AdaptiveAvgPool: adaptive("ops.mean"),
    ops.AdaptiveMaxPool: adaptive("ops.max"),
}
"""Op to its expression."""

_RESIZE_LINEAR = '''\
def resize_linear(x, size, factors, align_corners):
    """Each place is the mean of the two next old ones along each axis, by their distance."""
    for axis, (count, factor) in enumerate(zip(size, factors, strict=True), start=1):
        last = x.shape[axis] - 1
        if align_corners:
            places = [i * last / (count - 1) if count > 1 else 0.0 for i in range(count)]
        else:
            places = [max((i + 0.5) / factor - 0.5, 0.0) for i in range(count)]
        lower = [min(int(place), last) for place in places]
        upper = [min(i + 1, last) for i in lower]
        shape = [1] * len(x.shape)
        shape[axis] = count
        weight = [place - i for place, i in zip(places, lower, strict=True)]
        weight = ops.reshape(ops.convert_to_tensor(weight, x.dtype), shape)
        below, above = ops.take(x, lower, axis=axis), ops.take(x, upper, axis=axis)
        x = below * (1 - weight) + above * weight
    return x
'''

_ADAPTIVE_POOL = '''\
def adaptive_pool(x, size, reduction):
    """Place i of n covers old places from i / n, rounded down, to (i + 1) / n, rounded up."""
    for axis, count in enumerate(size, start=1):
        old = x.shape[axis]
        parts = []
        for i in range(count):
            begin, end = i * old // count, -((-(i + 1) * old) // count)
            part = ops.take(x, list(range(begin, end)), axis=axis)
            parts.append(reduction(part, axis=axis, keepdims=True))
        x = ops.concatenate(parts, axis=axis)
    return x
'''

EXACT: dict[str, str] = {
    "resize_linear": _RESIZE_LINEAR,
    "adaptive_pool": _ADAPTIVE_POOL,
}
"""Exact forms that these expressions call."""
