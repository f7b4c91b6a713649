"""Whole trainings of a description, epoch by epoch: what a difference does to loss and accuracy.

Where the proof compares two sides at the same points, a course has what they do not share, too:
their own first weights, their own order of batches, the last partial batch, their own examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from isograd.causes.subject import Subject
from isograd.data import dropout_masks
from isograd.frameworks import part
from isograd.frameworks.protocol import Tape
from isograd.frameworks.side import packed_outputs, unpacked_outputs
from isograd.ir.graph import Weights
from isograd.ir.mapping import Array, Arrays
from isograd.result import Curve
from isograd.training.description import Initialiser

EVALUATION_BATCH = 1000
"""Examples per evaluation call."""


@dataclass(frozen=True)
class Examples:
    """Inputs of a network with one input, and targets, to train on and to test with."""

    inputs: Array
    targets: Array
    test_inputs: Array
    test_targets: Array


def trained(subject: Subject, examples: Examples, epochs: int, seed: int, framework: str) -> Curve:
    """One training: mean loss of each epoch, and accuracy (or its like) after it. ``seed`` draws
    the first weights, as the recipe's initialisers say, and the order of the batches."""
    tape: Tape = part(framework, "tape").open_tape(subject.graph)
    return _Training(subject, examples, tape, seed).run(epochs)


@dataclass
class _Training:
    subject: Subject
    examples: Examples
    tape: Tape
    seed: int

    def run(self, epochs: int) -> Curve:
        recipe, trainable = self.subject.recipe, self.subject.graph.trainable
        weights = self._start()
        state = recipe.start({name: weights[name] for name in trainable})
        curve = Curve(self.seed, [], [], [])
        begin, step = perf_counter(), 0
        for epoch in range(epochs):
            losses, sizes = [], []
            for rows in self._batches(epoch):
                step += 1
                losses.append(self._step(weights, state, rows, step))
                sizes.append(len(rows))
            curve.loss.append(float(np.average(losses, weights=sizes)))
            curve.quality.append(self._quality(weights))
            curve.seconds.append(perf_counter() - begin)
        return curve

    def _start(self) -> Weights:
        drawn = dict(self.subject.weights)
        for number, name in enumerate(self.subject.graph.trainable):
            initialiser = self.subject.recipe.initialisers.get(name)
            if initialiser:
                generator = np.random.default_rng((self.seed, number))
                drawn[name] = _draw(initialiser, drawn[name].shape, generator)
        return drawn

    def _batches(self, epoch: int) -> Iterator[NDArray[np.int64]]:
        recipe, count = self.subject.recipe, len(self.examples.targets)
        order = np.arange(count)
        if recipe.shuffle:
            np.random.default_rng((self.seed, epoch)).shuffle(order)
        last = count - count % recipe.batch_size if recipe.drop_last else count
        for begin in range(0, last, recipe.batch_size):
            yield order[begin : begin + recipe.batch_size]

    def _step(
        self, weights: Weights, state: dict[str, Arrays], rows: NDArray[np.int64], step: int
    ) -> float:
        """One step; ``weights`` and ``state`` are replaced in place."""
        recipe, graph = self.subject.recipe, self.subject.graph
        masks = dropout_masks(graph, len(rows), hash((self.seed, step)) & 0xFFFFFFFF)
        inputs = (self.examples.inputs[rows],)
        recording = self.tape.run(weights, inputs, training=True, masks=masks)
        outputs, targets = packed_outputs(recording.outputs), self.examples.targets[rows]
        slope = recipe.loss.gradient(outputs, targets)
        found = recording.pull(unpacked_outputs(slope, recording.outputs))
        gradients = {name: found[name] for name in graph.trainable}
        weights |= recording.statistics
        weights |= recipe.update(weights, gradients, state, step)
        return recipe.loss.value(outputs, targets)

    def _quality(self, weights: Weights) -> float:
        inputs = self.examples.test_inputs
        starts = range(0, len(inputs), EVALUATION_BATCH)
        parts = [(inputs[i : i + EVALUATION_BATCH],) for i in starts]
        runs = [self.tape.run(weights, part, training=False) for part in parts]
        outputs = np.concatenate([packed_outputs(run.outputs) for run in runs])
        return self.subject.recipe.loss.quality(outputs, self.examples.test_targets)


def _draw(how: Initialiser, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    if how.kind == "constant":
        return np.full(shape, how.scale)
    if how.kind == "uniform":
        return generator.uniform(-how.scale, how.scale, shape)
    return generator.normal(0.0, how.scale, shape)
