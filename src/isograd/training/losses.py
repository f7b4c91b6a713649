"""Losses, each defined once in NumPy: its value and its analytic gradient.

A `Loss` describes what a training script really computes: on what it is computed, what is clipped,
how the terms are reduced. Frameworks compute the same functions in their own way; proofs hold them
to these definitions. The defaults are the forms that isograd itself trains with (see `LOSSES`):
means, on logits where that applies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.ir.mapping import Array
from isograd.training.likelihood import (
    Pull,
    binary_terms,
    clipped,
    log_softmax,
    seen_through,
)

Floats = NDArray[np.floating]

_Pulled = Callable[[], Floats]

Kind = Literal[
    "cross_entropy",
    "binary_cross_entropy",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
]

TORCH_LOG_FLOOR = -100.0
"""Below this, ``torch.nn.BCELoss`` lets no logarithm fall."""

KERAS_EPSILON = 1e-7
"""``keras.config.epsilon()``: Keras keeps probabilities that far from 0 and 1."""


@dataclass(frozen=True)
class Loss:
    """A loss: ``value(outputs, targets)`` is a scalar, ``gradient(outputs, targets)`` its
    derivative with respect to ``outputs``, of the same shape.

    Attributes:
        kind: what is computed of each output.
        takes: what the outputs are taken for, whatever they are. Only of the cross entropies.
        looks_through: the activation at the end of the network that the loss goes behind: Keras
            computes its cross entropies from what went *into* a last softmax or sigmoid, with no
            clipping (``keras/src/backend/tensorflow/nn.py``, ``_get_logits``).
        normalised: whether probabilities are made to sum to one, and when. Keras'
            categorical cross entropy does it before the clipping, its sparse one after it.
        clipped: probabilities are kept in [clipped, 1 - clipped], and have no slope outside.
        floor: the binary cross entropy's logarithms are kept above it; its gradient then is
            ``(p - y) / max(p (1 - p), 1e-12)`` on both sides (PyTorch, ``binary_cross_entropy``).
        targets: of the cross entropy: class indices [B, ...], or the distribution
            [B, ..., classes]. Indices may be given for either.
        reduction: ``mean`` of all terms, their ``sum``, the sum over the size of the ``batch``, or
            the ``sum_of_means`` over the last axis (Keras' ``sum`` of all losses but cross
            entropy).
        smoothing: the part of each target that goes to all classes alike.
        ignored: the class whose examples are left out, of the mean too.
        class_weights: a factor for each class; the mean is then the weighted one.
        shapes: what happens where outputs [B, 1] meet targets [B]. ``same``: refused;
            ``aligned``: the axis of one is dropped or added (Keras); ``broadcast``: every output
            meets every target (PyTorch, with a warning).
        delta: where Huber's loss goes from squares to straight lines.
        axis: the axis of the classes.

    Sources: the documentation of ``torch.nn`` and ``keras.losses``, and the code named above.

    """

    kind: Kind = "cross_entropy"
    takes: Literal["logits", "probabilities", "log_probabilities"] = "logits"
    looks_through: Literal["", "softmax", "sigmoid"] = ""
    normalised: Literal["no", "before_clipping", "after_clipping"] = "no"
    clipped: float = 0.0
    floor: float | None = None
    targets: Literal["indices", "distribution"] = "indices"
    reduction: Literal["mean", "sum", "batch", "sum_of_means"] = "mean"
    smoothing: float = 0.0
    ignored: int | None = None
    class_weights: tuple[float, ...] = ()
    shapes: Literal["same", "aligned", "broadcast"] = "same"
    delta: float = 1.0
    axis: int = -1

    @property
    def name(self) -> str:
        """As the command line names it: its name in `LOSSES`, or else the kind."""
        return next((name for name, loss in LOSSES.items() if loss == self), self.kind)

    @property
    def standard(self) -> bool:
        """Whether it is one of `LOSSES`, the forms that every mode can train with."""
        return self in LOSSES.values()

    @property
    def integer_targets(self) -> bool:
        """Whether targets are class indices."""
        return self.kind == "cross_entropy" and self.targets == "indices"

    @property
    def behind_activation(self) -> Loss:
        """The same loss for who can hand over what went into the last activation."""
        return replace(self, looks_through="", takes="logits")

    def value(self, outputs: Floats, targets: Array) -> float:
        """The loss of outputs [B, ...].

        Raises `UsageError` for targets of another shape.
        """
        terms, _, divisor = self._terms(outputs, targets)
        return float(terms.sum() / divisor)

    def gradient(self, outputs: Floats, targets: Array) -> Floats:
        """The derivative with respect to the outputs, of their shape."""
        _, pull, divisor = self._terms(outputs, targets)
        return np.asarray(pull() / divisor)

    def quality(self, outputs: Floats, targets: Array) -> float:
        """What a person would report (accuracy, or minus the root mean square error): more is
        better."""
        answers = self.answers(outputs)
        if answers is None:
            return -float(np.sqrt(((outputs - targets) ** 2).mean()))
        if self.kind == "binary_cross_entropy":
            return float((answers == (targets > 0.5)).mean())
        right = targets
        if not _are_indices(targets, np.moveaxis(outputs, self.axis, -1)):
            right = np.moveaxis(targets, self.axis, -1).argmax(axis=-1)
        right = right.reshape(answers.shape)
        counted = np.ones(right.shape, bool) if self.ignored is None else right != self.ignored
        return float((answers == right)[counted].mean())

    def answers(self, outputs: Floats) -> Array | None:
        """What a classifier decides for: the class with the highest score, or whether it is the one
        class that there is. None where outputs are no scores."""
        if self.kind == "cross_entropy":
            return np.asarray(np.moveaxis(outputs, self.axis, -1).argmax(axis=-1))
        if self.kind == "binary_cross_entropy":
            border = 0.0 if self.takes == "logits" and not self.looks_through else 0.5
            return np.asarray(outputs > border)
        return None

    def to_dict(self) -> dict[str, Any]:
        """The kind, and what is not as in the standard form; for a report."""
        usual = LOSSES.get(self.kind, Loss(self.kind))
        names = (field.name for field in fields(self))
        return {"kind": self.kind} | {
            name: getattr(self, name)
            for name in names
            if getattr(self, name) != getattr(usual, name)
        }

    # What is summed ---------------------------------------------------------------------------

    def _terms(self, outputs: Floats, targets: Array) -> tuple[Floats, _Pulled, float]:
        """The terms of the sum, the derivative of their sum, and what it is divided by."""
        if self.kind == "cross_entropy":
            return self._cross_entropy(outputs, targets)
        shape, batch = outputs.shape, len(outputs)
        outputs, targets = self._matched(outputs, targets)
        if self.kind == "binary_cross_entropy":
            smooth = targets * (1.0 - self.smoothing) + 0.5 * self.smoothing
            terms, slopes = binary_terms(self, outputs, smooth)
        else:
            terms, slopes = self._distances(outputs - targets)
        divisor = self._divisor(terms.size, batch, terms.shape[-1] if terms.ndim else 1)
        return terms, lambda: _unbroadcast(slopes, outputs.shape).reshape(shape), divisor

    def _distances(self, apart: Floats) -> tuple[Floats, Floats]:
        if self.kind == "mean_squared_error":
            return apart**2, 2.0 * apart
        if self.kind == "mean_absolute_error":
            return np.abs(apart), np.sign(apart)
        near = np.abs(apart) <= self.delta
        far = self.delta * (np.abs(apart) - 0.5 * self.delta)
        return (
            np.where(near, 0.5 * apart**2, far),
            np.where(near, apart, self.delta * np.sign(apart)),
        )

    def _matched(self, outputs: Floats, targets: Array) -> tuple[Floats, Array]:
        """Both in shapes that may be put together."""
        if self.shapes == "aligned" and abs(outputs.ndim - targets.ndim) == 1:
            longer = max(outputs, targets, key=lambda array: array.ndim)
            if longer.shape[-1] == 1:
                shape = longer.shape if longer.ndim == 2 else longer.shape[:-1]
                return outputs.reshape(shape), targets.reshape(shape)
        if self.shapes != "broadcast" and outputs.shape != targets.shape:
            raise UsageError(
                f"The loss {self.kind!r} has outputs of shape {list(outputs.shape)} and targets "
                f"of shape {list(targets.shape)}."
            )
        return outputs, targets

    def _divisor(self, count: float, batch: int, last: int) -> float:
        parts = {"mean": count, "sum": 1.0, "batch": batch, "sum_of_means": last}
        return float(parts[self.reduction])

    # Cross entropy ----------------------------------------------------------------------------

    def _cross_entropy(self, outputs: Floats, targets: Array) -> tuple[Floats, _Pulled, float]:
        scores = np.moveaxis(outputs, self.axis, -1)
        logs, pull = self._log_probabilities(scores)
        weights = self._weights(scores, targets)
        terms = -(weights * logs).sum(axis=-1)
        count = self._count(scores, targets)
        divisor = self._divisor(count, len(outputs), 1)
        return terms, lambda: np.moveaxis(pull(-weights), -1, self.axis), divisor

    def _log_probabilities(self, scores: Floats) -> tuple[Floats, Pull]:
        """Logarithms of the probabilities [..., classes], and how a derivative comes back."""
        if self.looks_through:
            logits, back = seen_through(self.looks_through, scores)
            logs, forth = log_softmax(logits)
            return logs, lambda slope: back(forth(slope))
        if self.takes == "logits":
            return log_softmax(scores)
        if self.takes == "log_probabilities":
            return scores, lambda slope: slope
        return clipped(scores, self.clipped, self.normalised)

    def _weights(self, scores: Floats, targets: Array) -> Floats:
        """The factor of each logarithm: the target's distribution, weighted, 0 where ignored."""
        classes = scores.shape[-1]
        indices = _are_indices(targets, scores)
        if indices:
            given = np.arange(classes) == targets.reshape(scores.shape[:-1])[..., None]
            wanted = np.asarray(given, scores.dtype)
        else:
            wanted = np.moveaxis(np.asarray(targets, scores.dtype), self.axis, -1)
        if wanted.shape != scores.shape:
            raise UsageError(
                f"The loss {self.kind!r} has {list(scores.shape)} scores and targets of shape "
                f"{list(targets.shape)}."
            )
        if self.smoothing:
            wanted = wanted * (1.0 - self.smoothing) + self.smoothing / classes
        if self.class_weights:
            wanted = wanted * np.asarray(self.class_weights, scores.dtype)
        if indices and self.ignored is not None:
            kept = targets.reshape(scores.shape[:-1]) != self.ignored
            wanted = np.where(kept[..., None], wanted, 0.0)
        return np.asarray(wanted)

    def _count(self, scores: Floats, targets: Array) -> float:
        """What a mean divides by: the examples that are kept, or the weights of their classes."""
        if not _are_indices(targets, scores):
            return float(np.prod(scores.shape[:-1]))
        kept = targets != self.ignored if self.ignored is not None else np.ones(targets.shape, bool)
        if not self.class_weights:
            return float(kept.sum())
        return float(np.asarray(self.class_weights)[targets[kept]].sum())


def _are_indices(targets: Array, scores: Floats) -> bool:
    whole = np.issubdtype(targets.dtype, np.integer)
    return bool(whole and targets.size == np.prod(scores.shape[:-1]))


def _unbroadcast(slopes: Floats, shape: tuple[int, ...]) -> Floats:
    """Slopes summed over the axes along which a value of ``shape`` was repeated."""
    extra = slopes.ndim - len(shape)
    slopes = slopes.sum(axis=tuple(range(extra)))
    repeated = tuple(i for i, size in enumerate(shape) if size == 1 and slopes.shape[i] != 1)
    return np.asarray(slopes.sum(axis=repeated, keepdims=True))


IGNORED = -100
"""The target of a token that is left out: PyTorch's ``ignore_index``, and what tokenizers' data
collators write (see ``torch.nn.CrossEntropyLoss``)."""

LOSSES = {
    "cross_entropy": Loss("cross_entropy"),
    "binary_cross_entropy": Loss("binary_cross_entropy"),
    "mean_squared_error": Loss("mean_squared_error"),
    "token_cross_entropy": Loss("cross_entropy", ignored=IGNORED),
}
"""Loss name to the form that isograd trains with."""
