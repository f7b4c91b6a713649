"""What all cells of a group run on: one state, one set of random examples, one order of batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isograd.bench.fit import check_loss
from isograd.bench.training import disturb
from isograd.data import batch_order
from isograd.ir.graph import Weights
from isograd.ir.mapping import Array
from isograd.models import Model
from isograd.proof.trial import random_inputs, random_targets, tables_of
from isograd.sweeping.cell import Task
from isograd.training import OPTIMIZERS, Recipe

EXAMPLES = 256
"""Examples at least; two batches where that is more."""

DISTURBED = 2
"""Starts from which the baseline trains again, each one unit in the last place off, to learn what
rounding does to it."""


@dataclass(frozen=True)
class Lesson:
    """In logical layout. ``batches`` are rows of examples, ``first`` so many of them whose losses
    are compared; ``disturbed`` are the starts of the same training moved by rounding."""

    model: Model
    recipe: Recipe
    start: Weights
    disturbed: tuple[Weights, ...]
    inputs: tuple[Array, ...]
    targets: Array
    batches: NDArray[np.int64]
    first: int

    @property
    def batch(self) -> tuple[Array, ...]:
        """The examples that inference is timed with."""
        return tuple(array[: self.recipe.batch_size] for array in self.inputs)


def lesson_of(task: Task, model: Model) -> Lesson:
    """The lesson of a cell's group. Examples are random: what a step takes does not depend on them,
    and every network and batch size has some. Raises `UsageError` for a loss that does not fit."""
    conditions, cell = task.conditions, task.cell
    optimizer = OPTIMIZERS[conditions.optimizer](**conditions.hyper)
    recipe = Recipe(task.network.loss or model.loss, optimizer, cell.batch_size)
    check_loss(model.graph, recipe)
    generator = np.random.default_rng(cell.seed)
    count = max(2 * cell.batch_size, EXAMPLES)
    inputs = random_inputs(model.graph, tables_of(model.graph) | model.bounds, generator, count)
    start = model.initial_state(cell.seed)
    epochs = -(-conditions.steps // (count // cell.batch_size))
    return Lesson(
        model,
        recipe,
        start,
        tuple(disturb(start, number + 1) for number in range(DISTURBED)),
        tuple(_single(array) for array in inputs),
        _single(random_targets(model.graph, recipe, generator, count)),
        batch_order(count, cell.batch_size, epochs, cell.seed).reshape(-1, cell.batch_size),
        conditions.steps,
    )


def _single(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype == np.float64 else array
