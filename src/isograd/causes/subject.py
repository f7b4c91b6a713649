"""A network with its weights and its training, as a description that can be changed in one thing
and run again: what interventions are made on.

Loss and optimizer are the recipe's definitions in NumPy; the framework of the referee only runs the
graph and pulls gradients back through it, in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from isograd.data import masks_like
from isograd.frameworks import part
from isograd.frameworks.protocol import Recording, Tape
from isograd.frameworks.side import packed_outputs, unpacked_outputs
from isograd.ir.graph import Graph, Weights
from isograd.ir.mapping import Array, Arrays, Transform
from isograd.proof.observe import GRADIENT, Observation
from isograd.proof.trial import Trial
from isograd.training import Recipe


@dataclass(frozen=True)
class Subject:
    """``parameters`` and ``values`` map the reference's names to those of ``graph``, and ``inputs``
    are the reference's names of its inputs, in order: whatever is observed bears the reference's
    names, so that subjects can be held against each other. ``turns`` lead from the reference's axes
    to those of its values, where they are others."""

    graph: Graph
    weights: Weights
    recipe: Recipe
    parameters: Mapping[str, str]
    values: Mapping[str, str]
    inputs: tuple[str, ...]
    turns: Mapping[str, Transform] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, weights: Weights, recipe: Recipe) -> Subject:
        """A network under its own names."""
        names = {name: name for name in graph.parameters}
        values = {name: name for name in [*graph.inputs, *(node.name for node in graph.nodes)]}
        return cls(graph, weights, recipe, names, values, tuple(graph.inputs))


def observe_subject(subject: Subject, trial: Trial, framework: str) -> Observation:
    """Every stage of a proof but `structure`; see `isograd.proof.observe`."""
    tape: Tape = part(framework, "tape").open_tape(subject.graph)
    return _Course(subject, trial, tape).run()


@dataclass
class _Course:
    subject: Subject
    trial: Trial
    tape: Tape

    def run(self) -> Observation:
        recording = self._pass(self.subject.weights, self.trial.inputs, 0)
        outputs = packed_outputs(recording.outputs)
        gradients = self._pulled(recording, outputs, self.trial.targets)
        loss = self.subject.recipe.loss.value(outputs, self.trial.targets)
        return {
            "forward": self._forward(),
            "train-forward": {"outputs": outputs, **self._named(recording.statistics)},
            "loss": {"loss": np.array(loss)},
            "gradients": self._gradients(gradients),
            "optimizer": self._optimizer(),
        }

    def _forward(self) -> Arrays:
        found: Arrays = {}
        for inputs in self.trial.forward:
            recording = self.tape.run(self.subject.weights, inputs, training=False)
            found[f"outputs (batch of {len(inputs[0])})"] = packed_outputs(recording.outputs)
        return found

    def _pass(self, weights: Weights, inputs: tuple[Array, ...], step: int) -> Recording:
        return self.tape.run(weights, inputs, training=True, masks=self._masks(step))

    def _masks(self, step: int) -> Arrays:
        """What the trial leaves out, and draws of its own, the same ones at every step, for a
        dropout that the reference has not."""
        subject = self.subject
        given = {
            subject.values.get(name, ""): subject.turns.get(name, Transform())(mask)
            for name, mask in self.trial.masks[step].items()
        }
        return masks_like(subject.graph, len(self.trial.inputs[0]), given)

    def _pulled(self, recording: Recording, outputs: Array, targets: Array) -> Arrays:
        slope = self.subject.recipe.loss.gradient(outputs, targets)
        return recording.pull(unpacked_outputs(slope, recording.outputs))

    def _gradients(self, gradients: Arrays) -> Arrays:
        graph = self.subject.graph
        both = zip(self.subject.inputs, graph.inputs.items(), strict=True)
        inputs = {name: gradients[own] for name, (own, kind) in both if kind.dtype == "float"}
        named = self._named({name: gradients[name] for name in graph.trainable})
        return {f"{GRADIENT}{name}": array for name, array in {**inputs, **named}.items()}

    def _named(self, arrays: Arrays) -> Arrays:
        """Under the reference's names, as far as it has them."""
        return {n: arrays[own] for n, own in self.subject.parameters.items() if own in arrays}

    def _optimizer(self) -> Arrays:
        subject, trial = self.subject, self.trial
        weights, record = dict(subject.weights), Arrays()
        trainable = subject.graph.trainable
        state = subject.recipe.start({name: weights[name] for name in trainable})
        for step, rows in enumerate(trial.batches[: trial.recorded[-1]], start=1):
            recording = self._pass(weights, tuple(x[rows] for x in trial.data), step)
            found = self._pulled(recording, packed_outputs(recording.outputs), trial.labels[rows])
            gradients = {name: found[name] for name in trainable}
            weights |= recording.statistics
            weights |= subject.recipe.update(weights, gradients, state, step)
            if step in trial.recorded:
                named = self._named(weights)
                record |= {f"{name} after step {step}": array for name, array in named.items()}
        return record
