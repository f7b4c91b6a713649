"""The augmentation in TensorFlow's own operations, as one writes it in a `tf.data` map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from isograd.ir.mapping import Array
from isograd.pipelines.augmentation import Augmented, Operation


def transform(augmented: Augmented) -> Callable[[Any, Any], tf.Tensor]:
    """From an image [height, width, ...], and its number, to what it becomes."""
    operations = augmented.augmentation.operations
    draws = {number: tf.constant(drawn) for number, drawn in augmented.draws.items()}

    def change(image: Any, index: Any) -> tf.Tensor:
        tensor = tf.convert_to_tensor(image)
        for number, operation in enumerate(operations):
            drawn = draws.get(number)
            tensor = _apply(operation, tensor, None if drawn is None else drawn[index])
        return tensor

    return change


def _apply(operation: Operation, image: tf.Tensor, drawn: Any) -> tf.Tensor:
    if operation.name == "flip":
        return tf.cond(drawn, lambda: tf.reverse(image, [1]), lambda: image)
    if operation.name == "rotate":
        turned = tf.image.rot90(_channelled(image), tf.cast(drawn, tf.int32))
        return tf.ensure_shape(tf.reshape(turned, tf.shape(image)), image.shape)
    if operation.name == "crop":
        around = int(operation.amount)
        rank = len(image.shape)
        padded = tf.pad(image, [[around, around]] * 2 + [[0, 0]] * (rank - 2))
        begin = tf.concat([drawn, tf.zeros([rank - 2], tf.int64)], 0)
        return tf.slice(padded, begin, [operation.size] * 2 + image.shape[2:].as_list())
    values = tf.cast(image, tf.float32)
    if operation.name == "brightness":
        return values * drawn
    if operation.name == "normalise":
        return (values - operation.amount) / operation.scale
    made = tf.image.resize(_channelled(values), [operation.size] * 2)
    return made if len(values.shape) == 3 else made[..., 0]


def _channelled(image: tf.Tensor) -> tf.Tensor:
    return image if len(image.shape) == 3 else image[..., None]


def _to(image: Array, size: int) -> tf.Tensor:
    """An image of bytes [height, width, channels], resized to a square."""
    return tf.image.resize(image, [size, size])


TRAPS: dict[str, Callable[[Array, int], Array]] = {
    "antialiasing": lambda image, size: _to(image, size).numpy(),
    "half-pixel centres": lambda image, size: tf.compat.v1.image.resize_bilinear(
        image[None], [size, size]
    )[0].numpy(),
    "bytes, resized": lambda image, size: tf.cast(_to(image, size), tf.uint8).numpy(),
}
"""What one writes in TensorFlow; see `isograd.pipelines.traps`."""
