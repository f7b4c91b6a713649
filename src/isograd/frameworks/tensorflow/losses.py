"""The losses of `isograd.training.losses`, in TensorFlow's own functions."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from isograd.training.losses import IGNORED


def _cross_entropy(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))


def _token_cross_entropy(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """The mean over the tokens that are not left out; their targets are replaced by one that is
    there, since TensorFlow's own takes no other."""
    kept = tf.not_equal(targets, IGNORED)
    known = tf.where(kept, targets, tf.zeros_like(targets))
    terms = tf.nn.sparse_softmax_cross_entropy_with_logits(known, logits)
    counted = tf.cast(kept, terms.dtype)
    return tf.reduce_sum(terms * counted) / tf.reduce_sum(counted)


def _binary_cross_entropy(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(targets, logits))


def _mean_squared_error(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.math.squared_difference(outputs, targets))


LOSSES: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "mean_squared_error": _mean_squared_error,
    "token_cross_entropy": _token_cross_entropy,
}
