"""The points at which two implementations are compared: states, inputs, targets, masks, batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from isograd.data import Dataset, batch_order, dropout_masks
from isograd.frameworks.side import concrete
from isograd.ir.graph import Graph, Weights
from isograd.ir.mapping import Array, Arrays
from isograd.ir.ops import Embedding, TensorType
from isograd.training import Recipe

RECORDED_STEPS = (1, 10, 100)
"""The training steps after which parameters and optimizer state are compared, unless fewer are
asked for."""

FORWARD_BATCHES = (1, 7)
"""Batch sizes of the forward stage: one, and an odd one. The training stages have their own."""


TEXTURE = 0.02
"""Standard deviation of the noise on real examples, whose values are of the order of 1."""


@dataclass(frozen=True)
class Trial:
    """All that one proof runs on, in logical layout and float64 (inputs that are indices: int64).

    ``forward`` are batches for the evaluation mode; ``inputs`` and ``targets`` one training batch
    at a generic point (normal random inputs: real images have ties and flat regions, where
    derivatives need not be unique); ``data`` and ``labels`` what the optimizer stage trains on, and
    ``recorded`` the steps after which it is looked at.
    """

    weights: Weights
    forward: tuple[tuple[Array, ...], ...]
    inputs: tuple[Array, ...]
    targets: Array
    data: tuple[Array, ...]
    labels: Array
    batches: NDArray[np.int64]
    masks: tuple[Arrays, ...]
    recorded: tuple[int, ...] = RECORDED_STEPS

    def disturbed(self, seed: int, dtype: str = "float64") -> Trial:
        """The trial with every parameter and floating input moved by one unit in the last place
        of ``dtype``, up or down at random."""
        generator = np.random.default_rng(seed)

        def move(array: Array) -> Array:
            if not np.issubdtype(array.dtype, np.floating):
                return array
            rounded = array.astype(dtype)
            direction = generator.choice([-np.inf, np.inf], size=array.shape).astype(dtype)
            return np.asarray(np.nextafter(rounded, direction), dtype=np.float64)

        def moved(arrays: tuple[Array, ...]) -> tuple[Array, ...]:
            return tuple(move(array) for array in arrays)

        return replace(
            self,
            weights={name: move(array) for name, array in self.weights.items()},
            forward=tuple(moved(batch) for batch in self.forward),
            inputs=moved(self.inputs),
            data=moved(self.data),
        )


def make_trial(
    graph: Graph,
    recipe: Recipe,
    dataset: Dataset | None,
    seed: int = 0,
    weights: Weights | None = None,
    bounds: Mapping[str, int] | None = None,
    recorded: tuple[int, ...] = RECORDED_STEPS,
) -> Trial:
    """A trial for a graph; the optimizer stage trains on ``dataset``, or else on random data.
    ``weights`` are the network's own, if it has some; ``bounds`` says below which number whole
    inputs stay, where the network does not. ``recorded`` are training steps, in order; the last one
    ends the optimizer stage.

    Values are rounded to float32, so that both precisions see the same numbers.
    """
    generator = np.random.default_rng(seed)
    batch, steps = recipe.batch_size, recorded[-1]
    tables = tables_of(graph) | dict(bounds or {})
    draws = [random_inputs(graph, tables, generator, size) for size in (*FORWARD_BATCHES, batch)]
    if dataset is None:
        data = random_inputs(graph, tables, generator, 4 * batch)
        labels = random_targets(graph, recipe, generator, 4 * batch)
    else:
        data, labels = (_textured(dataset, graph, generator),), dataset.train_targets
    epochs = -(-steps // max(len(labels) // batch, 1))
    rows = batch_order(len(labels), batch, epochs, seed).reshape(-1)[: steps * batch]
    return Trial(
        weights=_generic(weights or graph.initialize(seed), graph, generator),
        forward=tuple(draws[:2]),
        inputs=draws[2],
        targets=random_targets(graph, recipe, generator, batch),
        data=tuple(array[rows] for array in data),
        labels=labels[rows],
        batches=np.arange(len(rows)).reshape(steps, batch),
        masks=tuple(dropout_masks(graph, batch, seed + step) for step in range(steps + 1)),
        recorded=recorded,
    )


def _textured(dataset: Dataset, graph: Graph, generator: np.random.Generator) -> Array:
    """The real examples under a faint noise: flat regions and smooth ramps are full of ties, which
    pooling then breaks by rounding alone, on every side another way.
    """
    (kind,) = graph.inputs.values()
    sizes = graph.sizes(len(dataset.train_inputs))
    examples = dataset.train_inputs.reshape(concrete(kind, sizes))
    noise = TEXTURE * generator.standard_normal(examples.shape)
    return (examples + noise).astype(np.float32).astype(np.float64)


def _generic(weights: Weights, graph: Graph, generator: np.random.Generator) -> Weights:
    """Running statistics away from 0 and 1, and scales away from 1, where a mistake would hide:
    whatever is the same number throughout, and moves in training. Other buffers are constants of
    the network.
    """
    moving = {*graph.trainable, *_running_statistics(graph)}

    def generic(name: str, array: Array) -> Array:
        if not np.issubdtype(array.dtype, np.floating):
            return array
        if name in moving and array.size and np.all(array == array.flat[0]):
            array = array * generator.uniform(0.5, 1.5, array.shape)
            array = array + generator.uniform(0.01, 0.1, array.shape)
        return array.astype(np.float32).astype(np.float64)

    return {name: generic(name, array) for name, array in weights.items()}


def _running_statistics(graph: Graph) -> set[str]:
    return {
        name
        for node in graph.nodes
        for role, name in node.parameters.items()
        if role.startswith("running_")
    }


def tables_of(graph: Graph) -> dict[str, int]:
    """How many rows the tables have that inputs are indices into."""
    return {
        node.inputs[0]: node.op.num_embeddings
        for node in graph.nodes
        if isinstance(node.op, Embedding)
    }


def random_inputs(
    graph: Graph, tables: Mapping[str, int], generator: np.random.Generator, batch: int
) -> tuple[Array, ...]:
    """One batch: normal numbers, rounded to float32; whole ones below what ``tables`` says."""
    sizes = graph.sizes(batch)

    def draw(name: str, kind: TensorType) -> Array:
        shape = concrete(kind, sizes)
        if kind.dtype == "float":
            return generator.standard_normal(shape).astype(np.float32).astype(np.float64)
        numbers = generator.integers(0, tables.get(name, 2), shape)
        return numbers.astype(bool) if kind.dtype == "bool" else numbers

    return tuple(draw(name, kind) for name, kind in graph.inputs.items())


def random_targets(
    graph: Graph, recipe: Recipe, generator: np.random.Generator, batch: int
) -> Array:
    """What the loss takes beside such a batch's outputs."""
    sizes = graph.sizes(batch)
    shapes = [concrete(graph.type_of(name), sizes) for name in graph.outputs]
    shape = shapes[0] if len(shapes) == 1 else (batch, sum(prod(shape[1:]) for shape in shapes))
    if recipe.loss.kind == "cross_entropy":
        axis = recipe.loss.axis % len(shape)
        targets = generator.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
        return _partly_ignored(targets, recipe.loss.ignored, generator)
    if recipe.loss.kind == "binary_cross_entropy":
        return generator.integers(0, 2, shape).astype(np.float64)
    return generator.standard_normal(shape).astype(np.float32).astype(np.float64)


def _partly_ignored(targets: Array, ignored: int | None, generator: np.random.Generator) -> Array:
    """A third of the targets left out, where the loss leaves some out: a side that counts them
    would have another mean. The first one stays, so that there is always something to learn."""
    if ignored is None:
        return targets
    left_out = generator.random(targets.shape) < 1 / 3
    left_out.flat[0] = False
    return np.where(left_out, ignored, targets)
