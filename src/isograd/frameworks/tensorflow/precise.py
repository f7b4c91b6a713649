"""Functions of Keras whose constants TensorFlow keeps in float32, in the precision of their
argument. The user's network runs with them where it runs in float64: its constants are exact.
That is never timed, so that what Keras compiles at every call is compiled once there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest import mock

import keras
import tensorflow as tf
from keras.src.backend.tensorflow import core, image, nn

BACKEND = "keras.src.backend.tensorflow"

_resize = image.resize
_cast = core.cast
_conv = nn.conv
_dot_product_attention = nn.dot_product_attention


def gelu(x: tf.Tensor, approximate: bool = True) -> tf.Tensor:
    """``tf.nn.gelu`` rounds its constants."""
    x = tf.convert_to_tensor(x)
    if approximate:
        inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)
        return 0.5 * x * (1.0 + tf.tanh(inner))
    return 0.5 * x * (1.0 + tf.math.erf(x / math.sqrt(2.0)))


def leaky_relu(x: tf.Tensor, negative_slope: float = 0.2) -> tf.Tensor:
    """``tf.nn.leaky_relu`` rounds the slope."""
    return tf.where(x > 0, x, x * negative_slope)


def resize(
    images: tf.Tensor, size: tuple[int, int], interpolation: str = "bilinear", **options: Any
) -> tf.Tensor:
    """``tf.image.resize`` works in float32: bilinear resizing of [N, H, W, C] along each axis, with
    centres half a place inside."""
    if interpolation != "bilinear" or options.get("antialias"):
        return tf.cast(_resize(images, size, interpolation, **options), images.dtype)
    for axis, count in enumerate(size, start=1):
        have = images.shape[axis]
        places = [max((i + 0.5) * have / count - 0.5, 0.0) for i in range(count)]
        lower = [min(int(place), have - 1) for place in places]
        upper = [min(i + 1, have - 1) for i in lower]
        weight = [place - i for place, i in zip(places, lower, strict=True)]
        spread = tf.reshape(tf.constant(weight, images.dtype), [-1] + [1] * (3 - axis))
        below, above = tf.gather(images, lower, axis=axis), tf.gather(images, upper, axis=axis)
        images = below * (1 - spread) + above * spread
    return images


def cast(x: Any, dtype: str) -> tf.Tensor:
    """``tf.cast`` of a Python number goes by way of float32."""
    return tf.constant(x, dtype) if isinstance(x, float) else _cast(x, dtype)


def dot_product_attention(query: tf.Tensor, *others: Any, **options: Any) -> tf.Tensor:
    """Keras casts the scale, a Python number, by way of float32."""
    scale = options.get("scale")
    number = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    options["scale"] = tf.constant(number, query.dtype)
    return _dot_product_attention(query, *others, **options)


def conv(
    inputs: tf.Tensor,
    kernel: tf.Tensor,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> tf.Tensor:
    """Keras compiles a convolution in groups anew at every eager call, which takes most of a second
    for each layer; nothing else is changed."""
    options = [strides, padding, data_format, dilation_rate]
    channels_first = (data_format or keras.config.image_data_format()) == "channels_first"
    grouped = inputs.shape[1 if channels_first else -1] != kernel.shape[-2]
    if not grouped or not tf.executing_eagerly():
        return _conv(inputs, kernel, *options)
    fixed = (tuple(each) if isinstance(each, list) else each for each in options)
    return compiled_conv(*fixed)(inputs, kernel)


@cache
def compiled_conv(*options: Any) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Keras' own convolution with these options, compiled for each shape that it is called with."""
    return tf.function(lambda inputs, kernel: _conv(inputs, kernel, *options), jit_compile=True)


FORMS: dict[str, Callable[..., tf.Tensor]] = {
    f"{BACKEND}.nn.gelu": gelu,
    f"{BACKEND}.nn.leaky_relu": leaky_relu,
    f"{BACKEND}.image.resize": resize,
    f"{BACKEND}.cast": cast,
    f"{BACKEND}.core.cast": cast,
    f"{BACKEND}.nn.conv": conv,
    f"{BACKEND}.nn.dot_product_attention": dot_product_attention,
}
"""What is replaced, by its place."""


@contextmanager
def precise() -> Iterator[None]:
    """While this lasts, Keras takes these forms."""
    with ExitStack() as stack:
        for place, form in FORMS.items():
            stack.enter_context(mock.patch(place, form))
        yield
