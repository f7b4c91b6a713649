"""Which known loss a function computes, found out by calling it.

A function that agrees with a definition on every probe, to the last digits of float64, is that
loss: the probes have logits, probabilities, rows that do not sum to one, certainty (which clipping
would change), indices, distributions, and columns that meet rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Literal

import numpy as np

from isograd.errors import UsageError
from isograd.ir.mapping import Array
from isograd.training.losses import KERAS_EPSILON, TORCH_LOG_FLOOR, Loss

TOLERANCE = 1e-12
"""Relative: a few operations in float64, summed over a few numbers."""

INDICES = np.array([0, 0, 1, 2, 3, 1])

ENOUGH = 2
"""Probes that have to give a number before anything is said."""

Function = Callable[[Array, Array], float | None]
"""A loss of (outputs, targets) in NumPy; None where it raises or returns no scalar."""


_REDUCTIONS: tuple[Literal["mean", "batch", "sum", "sum_of_means"], ...] = (
    "mean",
    "batch",
    "sum",
    "sum_of_means",
)
_SHAPES: tuple[Literal["same", "aligned", "broadcast"], ...] = ("same", "aligned", "broadcast")


def identify(function: Function, examples: tuple[Array, Array] | None = None) -> Loss | None:
    """The known loss that ``function`` is; None where it is none of them.

    It has to be that loss for outputs of any rank, unless the targets of ``examples`` tell that
    they are rows.
    """
    probes: list[tuple[Array, Array]] = [*_rows(), *(() if _are_rows(examples) else _deeper())]
    seen = [function(outputs, targets) for outputs, targets in probes]
    numbers = [(probe, value) for probe, value in zip(probes, seen, strict=True) if _finite(value)]
    if len(numbers) < ENOUGH:
        return None
    for loss in _candidates():
        if all(_agrees(loss, probe, value) for probe, value in numbers):
            indexed = any(np.issubdtype(probe[1].dtype, np.integer) for probe, _ in numbers)
            if loss.kind == "cross_entropy" and not indexed:
                return replace(loss, targets="distribution")
            return loss
    return None


def _finite(value: float | None) -> bool:
    return value is not None and bool(np.isfinite(value))


def _agrees(loss: Loss, probe: tuple[Array, Array], value: float | None) -> bool:
    assert value is not None
    try:
        with np.errstate(all="ignore"):
            ours = loss.value(*probe)
    except (UsageError, ValueError, IndexError):
        return False
    return abs(ours - value) <= TOLERANCE * max(abs(value), 1.0)


def _are_rows(examples: tuple[Array, Array] | None) -> bool:
    if examples is None:
        return False
    targets = examples[1]
    return targets.ndim == 1 or (targets.ndim == 2 and targets.dtype.kind == "f")


def _rows() -> Iterator[tuple[Array, Array]]:
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, (6, 4))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    sure = shares.copy()
    sure[0], sure[1] = (1e-9, 1.0 - 3e-9, 1e-9, 1e-9), (1.0 - 3e-9, 1e-9, 1e-9, 1e-9)
    uneven = 0.6 * shares
    for outputs in (logits, shares, sure, uneven):
        yield outputs, INDICES
        yield outputs, np.eye(4)[INDICES]
    yield logits, generator.normal(0, 2, (6, 4))
    yield generator.normal(0, 2, (6, 1)), generator.normal(0, 2, 6)


def _deeper() -> Iterator[tuple[Array, Array]]:
    """Outputs of rank three, the classes last, and then in the middle."""
    logits = np.random.default_rng(1).normal(0, 3, (6, 4))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    for outputs in (logits, shares):
        yield outputs.reshape(2, 3, 4), INDICES.reshape(2, 3)
        yield outputs.reshape(2, 3, 4), np.eye(4)[INDICES].reshape(2, 3, 4)
    yield np.moveaxis(logits.reshape(2, 3, 4), -1, 1), INDICES.reshape(2, 3)


def _candidates() -> Iterator[Loss]:
    """Known losses, the plain ones first: the first that agrees is the answer."""
    chances = Loss("binary_cross_entropy", takes="probabilities")
    shares = Loss(takes="probabilities")
    clipped = replace(shares, clipped=KERAS_EPSILON)
    forms = [
        Loss(),
        Loss(takes="log_probabilities"),
        shares,
        replace(shares, normalised="before_clipping"),
        clipped,
        replace(clipped, normalised="before_clipping"),
        replace(clipped, normalised="after_clipping"),
        Loss("binary_cross_entropy"),
        chances,
        replace(chances, floor=TORCH_LOG_FLOOR),
        replace(chances, clipped=KERAS_EPSILON),
        Loss("mean_squared_error"),
        Loss("mean_absolute_error"),
        Loss("huber"),
    ]
    for form, reduction, shapes, axis in product(forms, _REDUCTIONS, _SHAPES, (-1, 1)):
        crossed = form.kind == "cross_entropy"
        if (crossed and shapes != "same") or (not crossed and axis == 1):
            continue
        yield replace(form, reduction=reduction, shapes=shapes, axis=axis)
