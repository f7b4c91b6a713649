"""Predictions [N, 1] against targets [N]: is the loss that nobody meant noticed?"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt, warned

PREDICTIONS, TARGETS = np.array([[1], [2], [6]], np.float32), np.array([1, 2, 3], np.float32)


def by_hand(predictions: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean((predictions - targets) ** 2)


def own(predictions: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return keras.losses.MeanSquaredError()(targets, predictions)


def observe(mode: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"meant": float(np.mean((PREDICTIONS[:, 0] - TARGETS) ** 2))}
    losses = {"by hand": by_hand, "the framework's own": own}
    for name, loss in losses.items():
        with warned() as warnings:
            found[name] = attempt(
                lambda f: mode.run(f, PREDICTIONS, TARGETS)(PREDICTIONS, TARGETS).item(), loss
            )
        found[name]["warnings"] = [text for text in warnings if "size" in text or "shape" in text]
    return found
