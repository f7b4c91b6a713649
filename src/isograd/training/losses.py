"""Losses, each defined once in NumPy: its value and its analytic gradient.

Frameworks compute the same function in their own way; the proof holds them to these definitions.
All are means over the batch, on logits where that applies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isograd.ir.mapping import Array

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Loss:
    """A loss by name: ``value(outputs, targets)`` is a scalar, ``gradient(outputs, targets)`` its
    derivative with respect to ``outputs``, of the same shape. ``quality(outputs, targets)`` is
    what a person would report (accuracy, or minus the root mean square error: more is better)."""

    name: str
    value: Callable[[Floats, Array], float]
    gradient: Callable[[Floats, Array], Floats]
    quality: Callable[[Floats, Array], float]
    integer_targets: bool


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _sigmoid(logits: Floats) -> Floats:
    return np.exp(-np.logaddexp(0.0, -logits))


def cross_entropy(logits: Floats, targets: Array) -> float:
    """Mean of ``-log softmax(logits)[target]``; logits [B, ..., classes], targets [B, ...]
    integers.
    """
    return float(-np.take_along_axis(_log_softmax(logits), targets[..., None], axis=-1).mean())


def cross_entropy_gradient(logits: Floats, targets: Array) -> Floats:
    """``(softmax(logits) - onehot(target)) / number of targets``."""
    right = np.arange(logits.shape[-1]) == targets[..., None]
    return np.asarray((np.exp(_log_softmax(logits)) - right) / targets.size)


def binary_cross_entropy(logits: Floats, targets: Array) -> float:
    """Mean of ``max(z, 0) - z y + log(1 + exp(-|z|))``; logits and targets of one shape.

    The stable form is the one in the documentation of
    ``tf.nn.sigmoid_cross_entropy_with_logits``.
    """
    z = logits
    return float((np.maximum(z, 0.0) - z * targets + np.log1p(np.exp(-np.abs(z)))).mean())


def binary_cross_entropy_gradient(logits: Floats, targets: Array) -> Floats:
    """``(sigmoid(z) - y) / number of elements``."""
    return (_sigmoid(logits) - targets) / logits.size


def mean_squared_error(outputs: Floats, targets: Array) -> float:
    """Mean of ``(outputs - targets)**2`` over all elements; one shape, nothing broadcasts."""
    return float(((outputs - targets) ** 2).mean())


def mean_squared_error_gradient(outputs: Floats, targets: Array) -> Floats:
    """``2 (outputs - targets) / number of elements``."""
    return 2.0 * (outputs - targets) / outputs.size


def _top1(logits: Floats, targets: Array) -> float:
    return float((logits.argmax(axis=-1) == targets).mean())


def _binary(logits: Floats, targets: Array) -> float:
    return float(((logits > 0.0) == (targets > 0.5)).mean())


def _minus_rmse(outputs: Floats, targets: Array) -> float:
    return -float(np.sqrt(mean_squared_error(outputs, targets)))


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("cross_entropy", cross_entropy, cross_entropy_gradient, _top1, True),
        Loss(
            "binary_cross_entropy",
            binary_cross_entropy,
            binary_cross_entropy_gradient,
            _binary,
            False,
        ),
        Loss(
            "mean_squared_error",
            mean_squared_error,
            mean_squared_error_gradient,
            _minus_rmse,
            False,
        ),
    )
}
"""Loss name to definition."""
