"""Ops as Keras expressions of their arguments, as they stand in ``call``."""

from __future__ import annotations

from dataclasses import replace

from isograd.errors import UsageError
from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Bracket, Source, call, listed
from isograd.frameworks.notation import Expression, function, operator
from isograd.frameworks.scalars import plus, power, times
from isograd.frameworks.tensorflow import (
    functions,
    movement,
    recurrent,
    reductions,
    resizing,
    sources,
)
from isograd.frameworks.tensorflow.layers import is_same, short, strides_outside
from isograd.ir import ops
from isograd.ir.mapping import Permute, Transform
from isograd.ir.ops import Op
from isograd.ir.ops.base import Dim
from isograd.ir.ops.windows import Padding, count_windows


def layer(site: Site) -> Source:
    """A call of the layer."""
    return call(site.layer, site.x)


def layer_that_trains(site: Site) -> Source:
    """A call of a layer that works differently in training."""
    return call(site.layer, site.x, training="training")


def linear(site: Site) -> Source:
    """Dense needs a batch axis: a single sample gets one for the while."""
    if site.types[0].rank == 1:
        return Bracket(f"{site.layer}(", (f"{site.x}[None]",), ")[0]")
    return layer(site)


def embedding(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Embedding)
    if op.padding_idx is None:
        return layer(site)
    return call("padded_embedding", site.layer, site.x, op.padding_idx)


def conv(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Conv)
    x: Source = site.x
    sizes = site.types[0].shape[2:]
    if not is_same(sizes, op.kernel_size, op.stride, op.padding, op.dilation):
        x = _padded(x, op.padding)
    source = call(site.layer, x)
    return _every(source, op.stride) if strides_outside(op) else source


def _every(x: Source, stride: tuple[int, ...]) -> Source:
    """The results of a convolution at the places of its strides."""
    steps = ", ".join(":" if step == 1 else f"::{step}" for step in stride)
    assert isinstance(x, Bracket)
    return replace(x, closing=f"{x.closing}[:, {steps}]")


def convolve(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Convolve)
    options: dict[str, object] = {}
    if set(op.stride) != {1} and not strides_outside(op):
        options["strides"] = short(op.stride)
    if set(op.dilation) != {1}:
        options["dilation_rate"] = short(op.dilation)
    source = call("ops.conv", _padded(site.x, op.padding), site.arguments[1], **options)
    return _every(source, op.stride) if strides_outside(op) else source


def max_pool(site: Site) -> Source:
    """Padding, and what a last window reaches beyond it, is minus infinity."""
    op = site.node.op
    assert isinstance(op, ops.MaxPool)
    same = (site.types[0].shape[2:], op.kernel_size, op.stride, op.padding, op.dilation)
    if set(op.dilation) == {1} and not op.ceil_mode and is_same(*same):
        strides = short(op.stride)
        size = short(op.kernel_size)
        return call("ops.max_pool", site.x, size, strides=strides, padding='"same"')
    beyond = _overhang(site, op.kernel_size, op.stride, op.padding, op.dilation, op.ceil_mode)
    padding = tuple(
        (before, after + more) for (before, after), more in zip(op.padding, beyond, strict=True)
    )
    x = _padded(site.x, padding, constant_values='-float("inf")')
    if set(op.dilation) != {1}:
        if any(isinstance(size, str) for size in site.types[0].shape[2:]):
            raise UsageError(
                f"Dilated pooling of a symbolic size (node {site.node.name!r}).",
                where=site.node.source,
                hint="Give the spatial axes of the input as numbers.",
            )
        return call("dilated_max_pool", x, op.kernel_size, op.stride, op.dilation)
    return call("ops.max_pool", x, short(op.kernel_size), **_strides(op.kernel_size, op.stride))


def avg_pool(site: Site) -> Source:
    """Windows that reach over zeros which do not count are divided by what they hold."""
    op = site.node.op
    assert isinstance(op, ops.AvgPool)
    ones = (1,) * len(op.kernel_size)
    same = (site.types[0].shape[2:], op.kernel_size, op.stride, op.padding, ones)
    if not op.count_include_pad and not op.ceil_mode and is_same(*same):
        options = {"strides": short(op.stride), "padding": '"same"'}
        return call("ops.average_pool", site.x, short(op.kernel_size), **options)
    beyond = _overhang(site, op.kernel_size, op.stride, op.padding, ones, op.ceil_mode)
    padded = op.count_include_pad or not any(sum(op.padding, ()))
    if padded and not any(beyond):
        x = _padded(site.x, op.padding)
        strides = _strides(op.kernel_size, op.stride)
        return call("ops.average_pool", x, short(op.kernel_size), **strides)
    counted = tuple((b, a) if padded else (0, 0) for b, a in op.padding)
    rest = tuple(
        (0 if padded else before, more if padded else after + more)
        for (before, after), more in zip(op.padding, beyond, strict=True)
    )
    windows = (op.kernel_size, op.stride, _every_axis(counted), _every_axis(rest))
    return call("average_pool", site.x, *windows)


def _overhang(
    site: Site,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Padding,
    dilation: tuple[int, ...],
    ceil_mode: bool,
) -> tuple[int, ...]:
    """How far the last window reaches beyond the padding, for each axis."""
    axes = zip(site.types[0].shape[2:], kernel_size, stride, padding, dilation, strict=True)
    return tuple(_beyond(*axis, ceil_mode) for axis in axes)


def _beyond(
    size: Dim, kernel: int, stride: int, padding: tuple[int, int], dilation: int, ceil_mode: bool
) -> int:
    count = count_windows(size, kernel, stride, padding, dilation, ceil_mode)
    if isinstance(size, str) or isinstance(count, str):
        return 0
    end = (count - 1) * stride + dilation * (kernel - 1) + 1
    return max(end - size - sum(padding), 0)


def _padded(x: Source, padding: Padding, **options: object) -> Source:
    return call("ops.pad", x, _every_axis(padding), **options) if any(sum(padding, ())) else x


def _every_axis(padding: Padding) -> Padding:
    return ((0, 0), *padding, (0, 0))


def _strides(kernel_size: tuple[int, ...], stride: tuple[int, ...]) -> dict[str, object]:
    return {} if stride == kernel_size else {"strides": short(stride)}


def global_pool(function: str) -> Expression:
    """A reduction over all spatial axes."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.GlobalAvgPool | ops.GlobalMaxPool)
        return _reduced(function, site, tuple(range(2, site.types[0].rank)), op.keepdims)

    return write


def _reduced(function: str, site: Site, axes: tuple[int, ...], keepdims: bool) -> Source:
    physical = tuple(sorted(map(site.position, axes)))
    options = {"keepdims": True} if keepdims else {}
    return call(function, site.x, axis=physical[0] if len(axes) == 1 else physical, **options)


def gelu(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.GELU)
    return call("gelu" if op.approximate == "none" else "gelu_tanh", site.x)


def leaky_relu(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.LeakyReLU)
    return call("leaky_relu", site.x, op.negative_slope)


def along_axis(function: str) -> Expression:
    """A function along one axis."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.Softmax | ops.LogSoftmax)
        return call(function, site.x, axis=site.axis(op.axis))

    return write


def concat(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Concat)
    return call("ops.concatenate", listed(site.arguments), axis=site.axis(op.axis))


def reshape(site: Site) -> Source:
    """One unknown size is -1; more are computed from the inputs' shapes."""
    return call("ops.reshape", site.x, _tuple(tuple(map(str, site.target_shape))))


def _tuple(items: tuple[str, ...]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def same_value(site: Site) -> Source:
    """An IR Transpose moves nothing: it is in how the value is held."""
    return site.x


def transpose(x: str, axes: tuple[int, ...]) -> Source:
    """``x`` with its axes in another order."""
    return call("ops.transpose", x, axes)


def borrowed_linear(site: Site) -> Source:
    """A product with parameters that another layer holds."""
    product = call("ops.matmul", site.x, call("ops.transpose", site.borrowed["weight"]))
    return f"{product} + {site.borrowed['bias']}" if "bias" in site.borrowed else product


def borrowed_embedding(site: Site) -> Source:
    """Rows of a table that another layer holds."""
    return call("ops.take", site.borrowed["weight"], site.x, axis=0)


def restore(source: str, transform: Transform) -> Source | None:
    """A parameter's logical form."""
    if transform.steps == (Permute((1, 0)),):
        return f"ops.transpose({source})"
    return None if transform.steps else source


BORROW: dict[type[Op], Expression] = {
    ops.Parameter: lambda site: site.borrowed["value"],
    ops.Buffer: lambda site: site.borrowed["value"],
    ops.Linear: borrowed_linear,
    ops.Embedding: borrowed_embedding,
}
"""Op to its expression where its parameters are another layer's."""


def power_scalar(site: Site) -> Source:
    """TensorFlow's gradient of ``x**0`` is not a number where x is 0."""
    op = site.node.op
    assert isinstance(op, ops.PowerScalar)
    return power(site) if op.exponent else call("ops.ones_like", site.x)


EXPRESSIONS: dict[type[Op], Expression] = {
    **functions.EXPRESSIONS,
    **movement.EXPRESSIONS,
    **resizing.EXPRESSIONS,
    **recurrent.EXPRESSIONS,
    **reductions.EXPRESSIONS,
    **sources.EXPRESSIONS,
    ops.Linear: linear,
    ops.Embedding: embedding,
    ops.Conv: conv,
    ops.Convolve: convolve,
    ops.BatchNorm: layer_that_trains,
    ops.LayerNorm: layer,
    ops.RMSNorm: layer,
    ops.GroupNorm: layer,
    ops.Dropout: layer_that_trains,
    ops.MaxPool: max_pool,
    ops.AvgPool: avg_pool,
    ops.GlobalAvgPool: global_pool("ops.mean"),
    ops.GlobalMaxPool: global_pool("ops.max"),
    ops.ReLU: function("ops.relu"),
    ops.LeakyReLU: leaky_relu,
    ops.GELU: gelu,
    ops.SiLU: function("ops.silu"),
    ops.Sigmoid: function("ops.sigmoid"),
    ops.Tanh: function("ops.tanh"),
    ops.HardSwish: function("ops.hard_silu"),
    ops.HardSigmoid: function("ops.hard_sigmoid"),
    ops.Softmax: along_axis("ops.softmax"),
    ops.LogSoftmax: along_axis("ops.log_softmax"),
    ops.Add: operator("+"),
    ops.Subtract: operator("-"),
    ops.Multiply: operator("*"),
    ops.Divide: operator("/"),
    ops.MatMul: operator("@"),
    ops.Maximum: functions.by_kind("maximum", "ops.maximum"),
    ops.Minimum: functions.by_kind("minimum", "ops.minimum"),
    ops.Negative: lambda site: f"-{site.x}",
    ops.Exp: function("ops.exp"),
    ops.Log: function("ops.log"),
    ops.Sqrt: function("ops.sqrt"),
    ops.Abs: function("ops.abs"),
    ops.Square: function("ops.square"),
    ops.AddScalar: plus,
    ops.MultiplyScalar: times,
    ops.PowerScalar: power_scalar,
    ops.Concat: concat,
    ops.Flatten: reshape,
    ops.Reshape: reshape,
    ops.Transpose: same_value,
}
"""Op to its expression."""
