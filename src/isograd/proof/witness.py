"""One side of a comparison, run on a tape with everything visible; each pass once, when asked for.

Loss and optimizer are the recipe's definitions in NumPy: the framework differentiates the graph,
and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from isograd.frameworks.protocol import Recording, Tape
from isograd.frameworks.side import packed_outputs, unpacked_outputs
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array, Arrays
from isograd.proof.correspondence import Correspondence
from isograd.proof.trial import Trial
from isograd.training import Recipe


@dataclass(frozen=True)
class Witness:
    """A network at one point, with its training. All names are those of ``graph``."""

    graph: Graph
    tape: Tape
    weights: Arrays
    inputs: tuple[Array, ...]
    masks: Arrays
    targets: Array
    recipe: Recipe

    def at(self, trial: Trial) -> Witness:
        """The same network at a trial's point."""
        return replace(self, weights=trial.weights, inputs=trial.inputs)

    def beside(
        self, graph: Graph, tape: Tape, weights: Arrays, recipe: Recipe, known: Correspondence
    ) -> Witness:
        """Another network at the same point; ``weights`` are its own, and hold for what does not
        correspond."""
        inputs = dict(zip(self.graph.inputs, self.inputs, strict=True))
        return replace(
            self,
            graph=graph,
            tape=tape,
            weights=weights | known.weights(self.weights),
            inputs=known.inputs(graph, inputs),
            masks=known.masks(self.masks),
            recipe=recipe,
        )

    @cached_property
    def evaluated(self) -> Recording:
        """A pass in evaluation mode."""
        return self.tape.run(self.weights, self.inputs, training=False)

    @cached_property
    def trained(self) -> Recording:
        """A pass in training mode."""
        return self.tape.run(self.weights, self.inputs, training=True, masks=self.masks)

    @cached_property
    def loss_value(self) -> float:
        """In training mode."""
        return self.recipe.loss.value(self._packed, self.targets)

    @cached_property
    def cotangents(self) -> Arrays:
        """The gradient of the loss with respect to each output, as far as the loss goes."""
        slope = self.recipe.loss.gradient(self._packed, self.targets)
        outputs = self.trained.outputs
        parts = unpacked_outputs(slope, outputs)
        return {name: part for name, part in parts.items() if outputs[name].dtype.kind == "f"}

    @cached_property
    def gradients(self) -> Arrays:
        """The gradient of the loss with respect to every value and trainable parameter."""
        return self.trained.pull(self.cotangents)

    @cached_property
    def updated(self) -> Arrays:
        """The trainable parameters after one step of the optimizer."""
        names = self.graph.trainable
        parameters = {name: self.weights[name] for name in names}
        gradients = {name: self.gradients[name] for name in names}
        return self.recipe.update(parameters, gradients, self.recipe.start(parameters), 1)

    @cached_property
    def _packed(self) -> Array:
        return packed_outputs(self.trained.outputs)
