"""What flows along an edge, from TensorFlow's tensors."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from isograd.views import Value


def value_of(tensor: Any) -> Value:
    """Type and shape of a tensor, or of the rows of a table's gradient; ``none`` for nothing."""
    if tensor is None:
        return Value("none")
    dtype = tf.as_dtype(tensor.dtype)
    if dtype in (tf.resource, tf.variant):
        return Value(dtype.name)
    shape = tensor.shape
    return Value(dtype.name, None if shape.rank is None else tuple(shape.as_list()))


def constant_text(array: Any) -> str:
    """A small constant, in short."""
    return str(array.tolist()) if array.size <= 4 else f"{array.size} values"
