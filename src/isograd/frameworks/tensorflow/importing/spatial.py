"""Layers with spatial axes as ops: convolution, pooling, padding, resizing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers

from isograd.frameworks.tensorflow.importing.activations import activate
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
    padding = _padding(trace, layer, x, layer.kernel_size, layer.strides, layer.dilation_rate)
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
    padding = _padding(trace, layer, x, layer.kernel_size, layer.strides, layer.dilation_rate)
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
    x = _channels_first(trace, layer, x)
    ones = (1,) * len(layer.pool_size)
    padding = _padding(trace, layer, x, layer.pool_size, layer.strides, ones)
    op = ops.MaxPool(tuple(layer.pool_size), tuple(layer.strides), padding, ones)
    return trace.add(op, x, order=x.order)


def average_pool(trace: Trace, layer: Any, x: Value) -> Value:
    """Padding does not count."""
    x = _channels_first(trace, layer, x)
    ones = (1,) * len(layer.pool_size)
    padding = _padding(trace, layer, x, layer.pool_size, layer.strides, ones)
    counts = not any(sum(padding, ()))
    op = ops.AvgPool(tuple(layer.pool_size), tuple(layer.strides), padding, False, counts)
    return trace.add(op, x, order=x.order)


def global_pool(op: type[ops.GlobalAvgPool] | type[ops.GlobalMaxPool]) -> Rule:
    """A reduction over all spatial axes."""

    def rule(trace: Trace, layer: Any, x: Value) -> Value:
        x = _channels_first(trace, layer, x)
        made = trace.add(op(layer.keepdims), x)
        return Value(made.name, made.type, x.order if layer.keepdims else (0, 1))

    return rule


def zero_padding(trace: Trace, layer: Any, x: Value) -> Value:
    return _padded(trace, x, _pairs(layer.padding))


def cropping(trace: Trace, layer: Any, x: Value) -> Value:
    pairs = _pairs(layer.cropping)
    return _padded(trace, x, tuple((-before, -after) for before, after in pairs))


def _padded(trace: Trace, x: Value, pairs: Padding) -> Value:
    """``pairs`` are those of Keras' spatial axes."""
    padding = [(0, 0)] * x.rank
    for axis, pair in enumerate(pairs, start=1):
        padding[x.axis(axis)] = pair
    return trace.like(ops.Pad(tuple(padding)), x)


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
