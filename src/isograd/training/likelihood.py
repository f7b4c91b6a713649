"""From outputs to the logarithms of probabilities, and the way back for derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from isograd.ir.mapping import Array

Floats = NDArray[np.floating]

_TORCH_EPSILON = float(np.float32(1e-12))
"""``EPSILON`` of PyTorch's ``binary_cross_entropy`` is a float, in every precision."""

Pull = Callable[[Floats], Floats]
"""From the derivative with respect to a result to the one with respect to what it came from."""


class Binary(Protocol):
    """What `binary_terms` asks of a loss (see `isograd.training.losses.Loss`)."""

    @property
    def takes(self) -> str: ...
    @property
    def looks_through(self) -> str: ...
    @property
    def clipped(self) -> float: ...
    @property
    def floor(self) -> float | None: ...


def log_softmax(logits: Floats) -> tuple[Floats, Pull]:
    """``logits - log(sum(exp(logits)))`` along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
    return logs, lambda slope: slope - np.exp(logs) * slope.sum(axis=-1, keepdims=True)


def sigmoid(logits: Floats) -> Floats:
    """``1 / (1 + exp(-logits))``, which neither over- nor underflows on the way."""
    return np.exp(-np.logaddexp(0.0, -logits))


def seen_through(activation: str, outputs: Floats) -> tuple[Floats, Pull]:
    """Logits that the activation (``softmax``, ``sigmoid``) turns into these outputs.

    Those of a softmax are known up to a constant, which no cross entropy sees. The derivative goes
    through 1 / output, which the activation's own derivative takes back.
    """
    if activation == "softmax":
        return np.log(outputs), lambda slope: slope / outputs
    logits = np.log(outputs) - np.log1p(-outputs)
    return logits, lambda slope: slope / (outputs * (1.0 - outputs))


def clipped(probabilities: Floats, border: float, normalised: str) -> tuple[Floats, Pull]:
    """Logarithms of probabilities that are kept in [border, 1 - border], where they have no slope
    outside, and made to sum to one along the last axis ``before_clipping`` or ``after_clipping``.
    """
    total = probabilities.sum(axis=-1, keepdims=True)
    shares = probabilities / total if normalised == "before_clipping" else probabilities
    inside = (shares >= border) & (shares <= 1.0 - border) if border else np.True_
    kept = np.clip(shares, border, 1.0 - border) if border else shares
    logs: Floats = np.log(kept)
    finish: Pull = _identity
    if normalised == "after_clipping":
        logs, finish = log_softmax(logs)

    def pull(slope: Floats) -> Floats:
        slope = np.where(inside, finish(slope) / kept, 0.0)
        if normalised != "before_clipping":
            return slope
        return np.asarray((slope - (slope * shares).sum(axis=-1, keepdims=True)) / total)

    return logs, pull


def binary_terms(loss: Binary, outputs: Floats, targets: Array) -> tuple[Floats, Floats]:
    """``-(y log p + (1 - y) log(1 - p))`` of each element, and its slope.

    The stable form on logits is the one in the documentation of
    ``tf.nn.sigmoid_cross_entropy_with_logits``.
    """
    if loss.looks_through or loss.takes == "logits":
        through = loss.looks_through
        z, back = seen_through(through, outputs) if through else (outputs, _identity)
        terms = np.maximum(z, 0.0) - z * targets + np.log1p(np.exp(-np.abs(z)))
        return terms, back(sigmoid(z) - targets)
    if loss.floor is not None:
        return _floored(outputs, targets, loss.floor)
    border = loss.clipped
    inside = (outputs >= border) & (outputs <= 1.0 - border) if border else np.True_
    p = np.clip(outputs, border, 1.0 - border) if border else outputs
    terms = -(targets * np.log(p) + (1.0 - targets) * np.log(1.0 - p))
    return terms, np.where(inside, (1.0 - targets) / (1.0 - p) - targets / p, 0.0)


def _floored(p: Floats, targets: Array, floor: float) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore"):
        log, log_rest = np.maximum(np.log(p), floor), np.maximum(np.log1p(-p), floor)
    slopes = (p - targets) / np.maximum((1.0 - p) * p, _TORCH_EPSILON)
    return -(targets * log + (1.0 - targets) * log_rest), slopes


def _identity(slope: Floats) -> Floats:
    return slope
