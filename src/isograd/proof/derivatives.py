"""Derivatives held against definitions: analytic gradients and finite differences, in float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isograd.frameworks.protocol import Gradients
from isograd.frameworks.side import Side
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array
from isograd.ir.ops import Embedding
from isograd.proof.trial import Trial
from isograd.result import DerivativeRow
from isograd.training import Loss

STEPS = (1e-7, 1e-6, 1e-8)
"""Steps of the central differences. Smooth functions would take cbrt(eps) = 6e-6 (Press et al.,
Numerical Recipes, section 5.7), but networks have kinks (ReLU, max pooling), and the shorter the
step, the fewer of them it crosses; rounding sets the lower end. Where the loss is steep, they are
shortened until it changes by such a part of itself."""

TOLERANCE = 1e-6
"""Allowed relative disagreement: rounding of the loss over the shortest step, with some room."""


@dataclass(frozen=True)
class DirectionalCheck:
    """Slope of the loss along one random direction through all parameters."""

    automatic: float
    finite_difference: float

    @property
    def relative_error(self) -> float:
        """|automatic - finite difference| over the larger of the two."""
        scale = max(abs(self.automatic), abs(self.finite_difference), np.finfo(float).tiny)
        return abs(self.automatic - self.finite_difference) / scale

    @property
    def agrees(self) -> bool:
        """Whether the slope is the loss's own."""
        return self.relative_error <= TOLERANCE


def directional_check(side: Side, trial: Trial, seed: int = 0) -> DirectionalCheck:
    """The gradient that the side reports against differences of its own loss.

    The direction follows the gradient half way, so that the slope is never a small difference of
    large numbers. One step length that agrees is enough: a wrong slope agrees at none. Rows that
    get no gradient by definition (`padding_idx` of an embedding) stay where they are.
    """
    generator = np.random.default_rng(seed)
    found = _at(side, trial, {})
    gradients = found.parameter_gradients
    direction = {
        name: gradient / max(_norm(gradient), np.finfo(float).tiny)
        + 0.5 * generator.standard_normal(gradient.shape) / np.sqrt(gradient.size)
        for name, gradient in gradients.items()
    }
    for table, row in _padding_rows(side.graph):
        if table in direction:
            direction[table][row] = 0.0
    automatic = sum(float((gradients[name] * d).sum()) for name, d in direction.items())
    steep = min(1.0, abs(found.loss) / max(abs(automatic), np.finfo(float).tiny))
    slopes = (_slope(side, trial, direction, step * steep) for step in STEPS)
    checks = (DirectionalCheck(automatic, slope) for slope in slopes)
    best: DirectionalCheck | None = None
    for check in checks:
        if best is None or check.relative_error < best.relative_error:
            best = check
        if best.agrees:
            break
    assert best is not None
    return best


def _padding_rows(graph: Graph) -> list[tuple[str, int]]:
    return [
        (node.parameters["weight"], node.op.padding_idx)
        for node in graph.nodes
        if isinstance(node.op, Embedding) and node.op.padding_idx is not None
    ]


def derivative_rows(
    sides: Mapping[str, Side], trial: Trial, loss: Loss, *, count: int = 4
) -> list[DerivativeRow]:
    """Single coordinates of the gradient, as each framework's automatic differentiation, the
    analytic formula (for the outputs) and finite differences (for the parameters) give them.

    ``sides`` maps a framework to a side; the finite differences are the first one's.
    """
    found = {name: _at(side, trial, {}) for name, side in sides.items()}
    first = next(iter(sides.values()))
    outputs = next(iter(found.values())).outputs
    analytic = loss.gradient(outputs, trial.targets)
    rows = [
        DerivativeRow(
            tensor="outputs",
            index=list(index),
            analytic=float(analytic[index]),
            automatic={name: float(g.output_gradient[index]) for name, g in found.items()},
            finite_difference=_output_difference(loss, outputs, trial.targets, index),
        )
        for index in _largest_coordinates(analytic, count)
    ]
    for tensor in first.graph.trainable:
        gradient = next(iter(found.values())).parameter_gradients[tensor]
        for index in _largest_coordinates(gradient, 1):
            unit = np.zeros_like(gradient)
            unit[index] = 1.0
            rows.append(
                DerivativeRow(
                    tensor=tensor,
                    index=list(index),
                    analytic=None,
                    automatic={
                        name: float(g.parameter_gradients[tensor][index])
                        for name, g in found.items()
                    },
                    finite_difference=_slope(first, trial, {tensor: unit}),
                )
            )
    return rows


def _at(side: Side, trial: Trial, shift: Mapping[str, Array]) -> Gradients:
    side.set_state({name: a + shift.get(name, 0.0) for name, a in trial.weights.items()})
    side.set_masks(trial.masks[0])
    return side.gradients(trial.inputs, trial.targets)


def _slope(
    side: Side, trial: Trial, direction: Mapping[str, Array], step: float = STEPS[0]
) -> float:
    losses = [
        _at(side, trial, {name: sign * step * d for name, d in direction.items()}).loss
        for sign in (1.0, -1.0)
    ]
    return (losses[0] - losses[1]) / (2.0 * step)


def _output_difference(loss: Loss, outputs: Array, targets: Array, index: tuple[int, ...]) -> float:
    shift = np.zeros_like(outputs)
    shift[index] = STEPS[1]
    up, down = (loss.value(outputs + sign * shift, targets) for sign in (1.0, -1.0))
    return (up - down) / (2.0 * STEPS[1])


def _largest_coordinates(array: Array, count: int) -> Sequence[tuple[int, ...]]:
    order = np.argsort(-np.abs(array), axis=None)[:count]
    return [tuple(int(i) for i in np.unravel_index(flat, array.shape)) for flat in order]


def _norm(array: Array) -> float:
    return float(np.sqrt((array**2).sum()))
