"""Layers with spatial axes as ops: convolution, pooling, padding, resizing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers

from isograd.frameworks.tensorflow.importing.activations import activate
from isograd.frameworks.tensorflow.importing.padding import padded, unpadded
from isograd.frameworks.tensorflow.importing.trace import Trace, Value
from isograd.ir import ops
from isograd.ir.mapping import Permute, Reshaped, Transform
from isograd.ir.ops.windows import Padding

Rule = Callable[[Trace, Any, Value], Value]


def conv(trace: Trace, layer: Any, x: Value) -> Value:
    x = _channels_first(trace, layer, x)
    axes = layer.rank
    order = (axes + 1, axes, *range(axes))
    kernel = trace.parameter(layer.kernel, f"{trace.scope}.weight", Transform((Permute(order),)))
    roles = {"weight": kernel, **_bias(trace, layer)}
    x, padding = _window(trace, layer, x, layer.kernel_size, layer.dilation_rate, 0.0)
    op = ops.Conv(
        layer.filters,
        tuple(layer.kernel_size),
        tuple(layer.strides),
        padding,
        tuple(layer.dilation_rate),
        layer.groups,
        layer.use_bias,
    )
    made = trace.add(op, x, roles=roles, trainable=layer.trainable, order=x.order)
    return activate(trace, layer.activation, made)


def convolve(trace: Trace, operation: Any, x: Value, kernels: Value) -> Value:
    """``keras.ops.conv``, whose kernels are computed: [*kernel_size, in_channels, out_channels]."""
    x = _channels_first(trace, operation, x)
    axes = x.rank - 2
    kernels = trace.ordered(kernels, (*range(2, x.rank), 1, 0))
    _, inner, *size = (int(n) for n in kernels.type.shape)
    strides, dilation = (
        (n,) * axes if isinstance(n, int) else tuple(n)
        for n in (operation.strides, operation.dilation_rate)
    )
    x, padding = _window(trace, operation, x, size, dilation, 0.0, strides)
    groups = int(x.type.shape[1]) // inner
    op = ops.Convolve(tuple(size), strides, padding, dilation, groups)
    return trace.add(op, x, kernels, order=x.order)


def depthwise_conv(trace: Trace, layer: Any, x: Value) -> Value:
    x = _channels_first(trace, layer, x)
    made = _depthwise(trace, layer, x, layer.kernel, "weight", layer.use_bias)
    return activate(trace, layer.activation, made)


def separable_conv(trace: Trace, layer: Any, x: Value) -> Value:
    """A convolution of each channel, then one over the channels."""
    x = _channels_first(trace, layer, x)
    made = _depthwise(trace, layer, x, layer.depthwise_kernel, "depthwise", False)
    axes = layer.rank
    order = (axes + 1, axes, *range(axes))
    transform = Transform((Permute(order),))
    roles = {
        "weight": trace.parameter(layer.pointwise_kernel, f"{trace.scope}.pointwise", transform)
    }
    roles |= _bias(trace, layer)
    ones = (1,) * axes
    op = ops.Conv(layer.filters, ones, ones, ((0, 0),) * axes, ones, 1, layer.use_bias)
    made = trace.add(op, made, roles=roles, trainable=layer.trainable, order=x.order)
    return activate(trace, layer.activation, made)


def _depthwise(
    trace: Trace, layer: Any, x: Value, variable: Any, name: str, use_bias: bool
) -> Value:
    axes, (*kernel, channels, times) = layer.rank, map(int, variable.shape)
    steps = (
        Permute((axes, axes + 1, *range(axes))),
        Reshaped((channels, times, *kernel), (channels * times, 1, *kernel)),
    )
    roles = {"weight": trace.parameter(variable, f"{trace.scope}.{name}", Transform(steps))}
    roles |= _bias(trace, layer) if use_bias else {}
    x, padding = _window(trace, layer, x, layer.kernel_size, layer.dilation_rate, 0.0)
    op = ops.Conv(
        channels * times,
        tuple(layer.kernel_size),
        tuple(layer.strides),
        padding,
        tuple(layer.dilation_rate),
        channels,
        use_bias,
    )
    return trace.add(op, x, roles=roles, trainable=layer.trainable, order=x.order)


def conv_transpose(trace: Trace, layer: Any, x: Value) -> Value:
    """``valid`` makes ``size stride + max(kernel - stride, 0)`` places, ``same`` ``size stride``
    (keras.layers.Conv2DTranspose); TensorFlow cuts half of what is too much in front.
    """
    if layer.output_padding is not None:
        raise trace.unsupported("a transposed convolution with output_padding")
    x = _channels_first(trace, layer, x)
    axes = layer.rank
    order = (axes + 1, axes, *range(axes))
    kernel = trace.parameter(layer.kernel, f"{trace.scope}.weight", Transform((Permute(order),)))
    windows = zip(layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
    padding, beyond = [], []
    for size, stride, rate in windows:
        reach = rate * (size - 1) + 1
        cut = max(reach - stride, 0) if layer.padding == "same" else 0
        padding.append((cut // 2, cut - cut // 2))
        beyond.append(max(stride - reach, 0))
    op = ops.ConvTranspose(
        layer.filters,
        tuple(layer.kernel_size),
        tuple(layer.strides),
        tuple(padding),
        tuple(beyond),
        tuple(layer.dilation_rate),
        1,
        layer.use_bias,
    )
    roles = {"weight": kernel, **_bias(trace, layer)}
    made = trace.add(op, x, roles=roles, trainable=layer.trainable, order=x.order)
    return activate(trace, layer.activation, made)


def max_pool(trace: Trace, layer: Any, x: Value) -> Value:
    """``layer`` is one, or the operation of ``keras.ops``, which has the same attributes."""
    x = _channels_first(trace, layer, x)
    size, strides = _sizes(layer, x)
    ones = (1,) * len(size)
    x, padding = _window(trace, layer, x, size, ones, None, strides)
    return trace.add(ops.MaxPool(size, strides, padding, ones), x, order=x.order)


def average_pool(trace: Trace, layer: Any, x: Value) -> Value:
    """Padding by "same" does not count, zeros that stand in front do."""
    x = _channels_first(trace, layer, x)
    size, strides = _sizes(layer, x)
    x, padding = _window(trace, layer, x, size, (1,) * len(size), 0.0, strides)
    counts = layer.padding == "valid" or not any(sum(padding, ()))
    return trace.add(ops.AvgPool(size, strides, padding, False, counts), x, order=x.order)


def _sizes(layer: Any, x: Value) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A pooling's sizes and strides, one for each spatial axis."""
    size, strides = layer.pool_size, layer.strides
    size = (size,) * (x.rank - 2) if isinstance(size, int) else tuple(size)
    strides = (strides,) * len(size) if isinstance(strides, int) else tuple(strides or size)
    return size, strides


def _window(
    trace: Trace,
    layer: Any,
    x: Value,
    kernel: Any,
    dilation: Any,
    fill: float | None,
    strides: Any = None,
) -> tuple[Value, Padding]:
    """What the windows read, and its padding: the layer's own, or one that stands in front."""
    if layer.padding == "valid":
        return unpadded(trace, x, fill)
    return x, _padding(trace, layer, x, kernel, strides or layer.strides, dilation)


def global_pool(op: type[ops.GlobalAvgPool] | type[ops.GlobalMaxPool]) -> Rule:
    """A reduction over all spatial axes."""

    def rule(trace: Trace, layer: Any, x: Value) -> Value:
        x = _channels_first(trace, layer, x)
        made = trace.add(op(layer.keepdims), x)
        return Value(made.name, made.type, x.order if layer.keepdims else (0, 1))

    return rule


def zero_padding(trace: Trace, layer: Any, x: Value) -> Value:
    return padded(trace, x, ((0, 0), *_pairs(layer.padding), (0, 0)))


def cropping(trace: Trace, layer: Any, x: Value) -> Value:
    pairs = _pairs(layer.cropping)
    cuts = ((-before, -after) for before, after in pairs)
    return padded(trace, x, ((0, 0), *cuts, (0, 0)))


def _pairs(sizes: Any) -> Padding:
    pairs = sizes if isinstance(sizes[0], tuple | list) else (sizes,)
    return tuple((int(before), int(after)) for before, after in pairs)


def upsampling(trace: Trace, layer: Any, x: Value) -> Value:
    x = _channels_first(trace, layer, x)
    mode = getattr(layer, "interpolation", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise trace.unsupported(f"upsampling by {mode!r}")
    size = layer.size if isinstance(layer.size, tuple | list) else (layer.size,)
    op = ops.Resize(None, tuple(map(float, size)), mode)  # type: ignore[arg-type]
    return trace.add(op, x, order=x.order)


def _channels_first(trace: Trace, layer: Any, x: Value) -> Value:
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise trace.unsupported("a layer with channels first")
    return trace.channels_first(x)


def _bias(trace: Trace, layer: Any) -> dict[str, str]:
    if not layer.use_bias:
        return {}
    return {"bias": trace.parameter(layer.bias, f"{trace.scope}.bias", Transform())}


def _padding(
    trace: Trace, layer: Any, x: Value, kernel: Any, strides: Any, dilation: Any
) -> Padding:
    """(before, after) for each axis, as TensorFlow pads: for ``same``, such that
    ``ceil(size / stride)`` windows fit, the odd place behind (documentation of
    ``tf.nn.convolution``).
    """
    if layer.padding == "valid":
        return ((0, 0),) * len(kernel)
    found = []
    for size, k, stride, rate in zip(x.type.shape[2:], kernel, strides, dilation, strict=True):
        reach = rate * (k - 1) + 1
        if layer.padding == "causal":
            found.append((reach - 1, 0))
            continue
        if isinstance(size, str) and stride != 1:
            raise trace.unsupported('padding "same" with strides on an axis of unknown size')
        total = reach - 1
        if isinstance(size, int):
            total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        found.append((total // 2, total - total // 2))
    return tuple(found)


_AXES = (1, 2, 3)

RULES: dict[type, Rule] = {
    **{getattr(layers, f"Conv{n}D"): conv for n in _AXES},
    **{getattr(layers, f"DepthwiseConv{n}D"): depthwise_conv for n in (1, 2)},
    **{getattr(layers, f"SeparableConv{n}D"): separable_conv for n in (1, 2)},
    **{getattr(layers, f"Conv{n}DTranspose"): conv_transpose for n in _AXES},
    **{getattr(layers, f"MaxPooling{n}D"): max_pool for n in _AXES},
    **{getattr(layers, f"AveragePooling{n}D"): average_pool for n in _AXES},
    **{getattr(layers, f"GlobalAveragePooling{n}D"): global_pool(ops.GlobalAvgPool) for n in _AXES},
    **{getattr(layers, f"GlobalMaxPooling{n}D"): global_pool(ops.GlobalMaxPool) for n in _AXES},
    **{getattr(layers, f"ZeroPadding{n}D"): zero_padding for n in _AXES},
    **{getattr(layers, f"Cropping{n}D"): cropping for n in _AXES},
    **{getattr(layers, f"UpSampling{n}D"): upsampling for n in _AXES},
}
"""Layer to its rule."""
