"""`tf.data` sources: what is read, and what makes an item of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from isograd.pipelines.items import ArrayItems
from isograd.pipelines.source import Source


class Raw(NamedTuple):
    """A data set of tuples in file order, and what makes (inputs, target) of one; ``ready`` where
    they are that already."""

    dataset: tf.data.Dataset
    decode: Callable[..., tuple[tf.Tensor, tf.Tensor]]
    ready: bool = False


def raw_items(items: Any, source: Source, seed: int, calls: int | None) -> Raw:
    """The source as TensorFlow reads it."""
    if isinstance(items, ArrayItems):
        slices = tf.data.Dataset.from_tensor_slices((items.inputs, items.labels))
        return Raw(slices, _as_it_is, ready=True)
    if source.kind == "images":
        return _images(items)
    if source.kind == "lines":
        return _lines(items)
    if source.kind == "windows":
        return _windows(items)
    return Raw(_blocks(items, seed, calls), _as_it_is, ready=True)


def _as_it_is(inputs: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return inputs, target


def _images(items: Any) -> Raw:
    paths = [str(path) for path in items.paths]
    jpeg = {path.lower().endswith((".jpg", ".jpeg")) for path in paths}

    def decode(path: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        content = tf.io.read_file(path)
        if jpeg == {False}:
            image = _other(content)
        elif jpeg == {True}:
            image = _jpeg(content)
        else:
            image = tf.cond(tf.io.is_jpeg(content), lambda: _jpeg(content), lambda: _other(content))
        return tf.ensure_shape(image, items.shape), label

    return Raw(tf.data.Dataset.from_tensor_slices((paths, items.targets)), decode)


def _jpeg(content: tf.Tensor) -> tf.Tensor:
    # TensorFlow's own choice is a quicker cosine transform, whose pixels are not Pillow's
    return tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")


def _other(content: tf.Tensor) -> tf.Tensor:
    return tf.io.decode_image(content, channels=3, expand_animations=False)


def _lines(items: Any) -> Raw:
    def decode(line: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        padded = tf.io.decode_raw(line, tf.uint8, fixed_length=items.length)
        return padded, tf.cast(tf.strings.length(line), tf.int64)

    return Raw(_tuples(tf.data.TextLineDataset(str(items.path))), decode)


def _windows(items: Any) -> Raw:
    record = items.length + 1
    left = items.path.stat().st_size % record
    records = tf.data.FixedLengthRecordDataset(str(items.path), record, footer_bytes=left)

    def decode(content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        values = tf.ensure_shape(tf.io.decode_raw(content, tf.uint8), [record])
        return values[:-1], values[1:]

    return Raw(_tuples(records), decode)


def _tuples(dataset: tf.data.Dataset) -> tf.data.Dataset:
    return tf.data.Dataset.zip((dataset,))


def _blocks(items: Any, seed: int, calls: int | None) -> tf.data.Dataset:
    """A table's blocks, in a new order each epoch where the file allows that, apart into rows."""
    (inputs, targets) = next(iter(items.read([0])))
    kinds = (inputs.dtype, targets.dtype)
    shapes = (inputs.shape[1:], targets.shape[1:])

    def shaped(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.ensure_shape(x, [None, *shapes[0]]), tf.ensure_shape(y, [None, *shapes[1]])

    if not items.reorder:
        signature = tuple(
            tf.TensorSpec([None, *shape], kind) for shape, kind in zip(shapes, kinds, strict=True)
        )
        return tf.data.Dataset.from_generator(items.groups, output_signature=signature).unbatch()

    def read(number: np.int64) -> tuple[Any, Any]:
        return next(iter(items.read([int(number)])))

    numbers = tf.data.Dataset.range(len(items.sizes)).shuffle(len(items.sizes), seed)
    blocks = numbers.map(lambda n: tf.numpy_function(read, [n], kinds), num_parallel_calls=calls)
    return blocks.map(shaped).unbatch()
