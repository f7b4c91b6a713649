"""Two networks that were written independently, held against each other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from isograd.bench.fit import check_loss
from isograd.bench.workbench import ORIGINAL
from isograd.data import masks_like
from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Emitted, Executor, Gradients, Original
from isograd.frameworks.side import Side, emitted_as_it_is, plan
from isograd.ir.alignment import Alignment, Difference, align
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array, Arrays, Transform
from isograd.models import Model
from isograd.proof import Baseline, Evidence, Trial, establish, gather, judge_evidence, make_trial
from isograd.proof.trial import RECORDED_STEPS
from isograd.result import Proof
from isograd.training import Recipe

DType = Literal["float32", "float64"]


@dataclass(frozen=True)
class Pair:
    """A user's two networks, aligned."""

    reference: Model
    twin: Model
    alignment: Alignment

    def emitted_twin(self) -> Emitted:
        """The twin's own tensors under the names of the reference's graph, as far as both have
        them."""
        own = self.own_twin()
        here, there = self.reference.graph, self.twin.graph
        values = dict(zip(here.inputs, (own.values[name] for name in there.inputs), strict=True))
        values |= dict(zip(here.outputs, (own.values[name] for name in there.outputs), strict=True))
        nodes = self.alignment.nodes
        dropouts = {
            name: own.dropouts[other] for name, other in nodes.items() if other in own.dropouts
        }
        parameters = self.alignment.mapping.compose(own.parameters)
        known = set(parameters.references)
        return Emitted(
            source="",
            class_name="",
            parameters=parameters,
            trainable=parameters.twins_of(name for name in here.trainable if name in known),
            values=values,
            dropouts=dropouts,
            masks={
                name: self.alignment.turns.get(name, Transform()) >> own.masks[nodes[name]]
                for name in dropouts
            },
        )

    def own_twin(self) -> Emitted:
        """The twin's own tensors under the names of its own graph."""
        assert self.twin.imported is not None
        return emitted_as_it_is(self.twin.imported)

    @property
    def surplus(self) -> dict[str, tuple[int, ...]]:
        """What the twin is trained or evaluated with and the reference lacks, with its shape."""
        known = set(self.alignment.mapping.twins)
        graph = self.twin.graph
        own = {name for name in graph.parameters if name not in known} - constants(graph)
        return {f"{name} (twin)": graph.parameters[name].shape for name in own}

    @property
    def without(self) -> frozenset[str]:
        """Constants of the reference that the twin does without."""
        return frozenset(constants(self.reference.graph) - set(self.alignment.mapping.references))

    def trial_of_twin(self, trial: Trial) -> Trial:
        """The trial without what the twin lacks."""
        emitted = self.emitted_twin()
        known = set(emitted.parameters.references)
        return replace(
            trial,
            weights={name: array for name, array in trial.weights.items() if name in known},
            masks=tuple(
                {name: mask for name, mask in masks.items() if name in emitted.dropouts}
                for masks in trial.masks
            ),
        )


@dataclass(frozen=True)
class PairRun:
    """What two networks did, and the verdict on it."""

    proof: Proof
    baseline: Baseline
    evidence: Evidence


class Filled:
    """A twin's executor that is given only what the reference has, and answers so: what the
    reference lacks stays as the twin has it, and is not heard of."""

    def __init__(self, executor: Executor, pair: Pair, batch_size: int) -> None:
        self._executor = executor
        own, graph = pair.own_twin(), pair.twin.graph
        assert pair.twin.weights is not None
        self._state = own.parameters.forward(pair.twin.weights)
        self._own, self._graph, self._batch_size = own, graph, batch_size
        self._known = set(pair.emitted_twin().parameters.twins)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)

    def set_state(self, state: Arrays) -> None:
        """The reference's tensors, on top of the twin's own."""
        self._executor.set_state({**self._state, **state})
        self.set_masks({})

    def set_masks(self, masks: Arrays) -> None:
        """What the reference leaves out, at the twin's rates, and draws of the twin's own."""
        own = self._own
        given = {
            name: own.masks[name].inverse(masks[key])
            for name, key in own.dropouts.items()
            if key in masks
        }
        filled = masks_like(self._graph, self._batch_size, given)
        if filled:
            self._executor.set_masks(
                {own.dropouts[name]: own.masks[name](mask) for name, mask in filled.items()}
            )

    def get_state(self) -> Arrays:
        """What the reference has, too."""
        return self._heard(self._executor.get_state())

    def get_optimizer_state(self) -> dict[str, Arrays]:
        """Of what the reference has, too."""
        slots = self._executor.get_optimizer_state()
        return {slot: self._heard(arrays) for slot, arrays in slots.items()}

    def gradients(self, inputs: tuple[Array, ...], targets: Array) -> Gradients:
        """One pass, with the gradients of what the reference has, too."""
        found = self._executor.gradients(inputs, targets)
        return replace(found, parameter_gradients=self._heard(found.parameter_gradients))

    def _heard(self, arrays: Arrays) -> Arrays:
        return {name: array for name, array in arrays.items() if name in self._known}


def pair_up(reference: Model, twin: Model) -> Pair:
    """Aligns two networks that users brought. Raises `UsageError` for one that is a graph only."""
    for model in (reference, twin):
        if model.imported is None:
            raise UsageError(f"{model.reference!r} is no network of a framework's own.")
    return Pair(reference, twin, align(reference.graph, twin.graph))


def prove_pair(
    pair: Pair, recipe: Recipe, seed: int = 0, recorded: tuple[int, ...] = RECORDED_STEPS
) -> Proof:
    """All stages, both networks run as they are, in this process. They may differ: what only one of
    them has is a matter of the structure, all else is compared."""
    return run_pair(pair, (recipe, recipe), seed, recorded).proof


def run_pair(
    pair: Pair,
    recipes: tuple[Recipe, Recipe],
    seed: int = 0,
    recorded: tuple[int, ...] = RECORDED_STEPS,
) -> PairRun:
    """`prove_pair`, with all that was observed, and each side's own training."""
    emitted, (ours, theirs) = pair.emitted_twin(), recipes
    return _prove_here(
        pair.reference, emitted, ours, seed, pair=pair, twin_recipe=theirs, recorded=recorded
    )


def prove_twin(
    model: Model,
    to: str,
    recipe: Recipe,
    *,
    mode: str = "eager",
    seed: int = 0,
    recorded: tuple[int, ...] = RECORDED_STEPS,
) -> Proof:
    """All stages for the twin that is emitted in the framework ``to``, in this process: quicker
    than `isograd.prove`, which gives every mode a process of its own. ``recorded`` are the training
    steps after which the sides are compared; fewer take less time and memory."""
    emitted: Emitted = part(to, "emitter").emit(model.graph)
    run = _prove_here(model, emitted, recipe, seed, to=to, mode=mode, recorded=recorded)
    return run.proof


def _prove_here(
    model: Model,
    emitted: Emitted,
    recipe: Recipe,
    seed: int,
    *,
    pair: Pair | None = None,
    twin_recipe: Recipe | None = None,
    to: str = "",
    mode: str = "eager",
    recorded: tuple[int, ...] = RECORDED_STEPS,
) -> PairRun:
    check_loss(model.graph, recipe)
    if model.imported is None or model.original is None:
        raise UsageError(f"{model.reference!r} is a graph, not a network of a framework's own.")
    trial = make_trial(model.graph, recipe, None, seed, model.weights, model.bounds, recorded)
    if pair and pair.twin.original:
        to = pair.twin.original.framework
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        source = Path(folder) / "model.py"
        source.write_text(emitted.source, encoding="utf-8")

        def open_side(
            graph: Graph, own: Emitted, original: Original | None, dtype: DType, recipe: Recipe
        ) -> Side:
            framework = original.framework if original else to
            planned = plan(
                graph,
                own,
                source,
                ORIGINAL if original else mode,
                recipe,
                dtype=dtype,
                shared_masks=bool(own.dropouts),
                original=original,
            )
            executors.append(part(framework, "modes").open_executor(planned))
            return Side(graph, own, executors[-1])

        def reference(dtype: DType) -> Side:
            assert model.imported is not None
            own = emitted_as_it_is(model.imported)
            return open_side(model.graph, own, model.original, dtype, recipe)

        def twin(dtype: DType) -> Side:
            if pair is None:
                return open_side(model.graph, emitted, None, dtype, recipe)
            other, theirs = pair.twin, twin_recipe or recipe
            own = open_side(other.graph, pair.own_twin(), other.original, dtype, theirs)
            filled = Filled(own.executor, pair, recipe.batch_size)
            return Side(model.graph, emitted, filled)

        executors: list[Executor] = []
        restores = [part(name, "runtime").settings() for name in {model.original.framework, to}]
        try:
            baseline = establish(reference("float64"), reference("float32"), trial)
            points = pair.trial_of_twin(trial) if pair else trial
            evidence = gather(twin("float64"), twin("float32"), points)
            if pair:
                evidence.shapes.update(pair.surplus)
                evidence = replace(evidence, without=pair.without)
            return PairRun(judge_evidence(baseline, evidence), baseline, evidence)
        finally:
            for executor in executors:
                executor.release()
            for restore in restores:
                restore()


def constants(graph: Graph) -> set[str]:
    """Parameters that neither training nor anything else ever changes."""
    moving = {
        name
        for node in graph.nodes
        for role, name in node.parameters.items()
        if role.startswith("running_")
    }
    return graph.parameters.keys() - moving - {*graph.trainable}


def describe(difference: Difference) -> str:
    """One line: what differs, and where on both sides."""
    places = [
        f"{name} {node.scope or node.name}" + (f" ({node.source})" if node.source else "")
        for name, node in (("reference", difference.reference), ("twin", difference.twin))
        if node
    ]
    return f"{difference.detail}: {', '.join(places)}" if places else difference.detail
