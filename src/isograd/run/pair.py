"""Two networks that were written independently, held against each other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from isograd.bench.fit import check_loss
from isograd.bench.workbench import ORIGINAL
from isograd.data import masks_like
from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Emitted, Executor, Gradients, Original
from isograd.frameworks.side import Side, emitted_as_it_is, plan
from isograd.ir.alignment import Alignment, Difference, align
from isograd.ir.graph import Graph
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Array, Arrays, Transform
from isograd.models import Model
from isograd.proof import Baseline, Evidence, Trial, establish, gather, judge_evidence, make_trial
from isograd.proof.trial import RECORDED_STEPS
from isograd.result import Proof
from isograd.training import Recipe

DType = Literal["float32", "float64"]

BOTH: tuple[DType, DType] = ("float64", "float32")

Loaded = TypeVar("Loaded")


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


def load_like(
    load: Callable[[Sequence[str | InputSpec]], Loaded],
    own: Sequence[str | InputSpec] | None,
    reference: Sequence[str | InputSpec],
) -> Loaded:
    """A twin, loaded with its ``own`` inputs where they are given. One that knows its inputs needs
    none; others are called like the reference."""
    if own is not None:
        return load(own)
    try:
        return load(())
    except UsageError:
        if not reference:
            raise
        return load(reference)


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
    model, twin, (ours, theirs) = pair.reference, pair.twin, recipes
    trial = _trial(model, ours, seed, recorded)
    assert twin.original is not None
    with _here(model, twin.original.framework) as here:
        baseline = here.baseline(model, ours, trial)

        def as_the_reference(dtype: DType) -> Side:
            own = here.side(twin.graph, pair.own_twin(), theirs, dtype, original=twin.original)
            filled = Filled(own.executor, pair, ours.batch_size)
            return Side(model.graph, pair.emitted_twin(), filled)

        float64, float32 = map(as_the_reference, BOTH)
        evidence = gather(float64, float32, pair.trial_of_twin(trial))
    evidence.shapes.update(pair.surplus)
    evidence = replace(evidence, without=pair.without)
    return PairRun(judge_evidence(baseline, evidence), baseline, evidence)


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
    trial = _trial(model, recipe, seed, recorded)
    with _here(model, to) as here:
        baseline = here.baseline(model, recipe, trial)
        float64, float32 = (
            here.side(model.graph, emitted, recipe, dtype, framework=to, mode=mode)
            for dtype in BOTH
        )
        evidence = gather(float64, float32, trial)
    return judge_evidence(baseline, evidence)


def _trial(model: Model, recipe: Recipe, seed: int, recorded: tuple[int, ...]) -> Trial:
    """The points at which a user's own network is held against another one."""
    check_loss(model.graph, recipe)
    if model.imported is None or model.original is None:
        raise UsageError(f"{model.reference!r} is a graph, not a network of a framework's own.")
    return make_trial(model.graph, recipe, None, seed, model.weights, model.bounds, recorded)


@contextmanager
def _here(model: Model, to: str) -> Iterator[_Here]:
    """Sides in this process, of the model's own framework and of another one, whose settings are
    what they were afterwards."""
    assert model.original is not None
    restores = [part(name, "runtime").settings() for name in {model.original.framework, to}]
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        here = _Here(Path(folder))
        try:
            yield here
        finally:
            for executor in here.executors:
                executor.release()
            for restore in restores:
                restore()


@dataclass
class _Here:
    """What is open in this process; ``folder`` is for emitted source."""

    folder: Path
    executors: list[Executor] = field(default_factory=list)

    def baseline(self, model: Model, recipe: Recipe, trial: Trial) -> Baseline:
        """What a user's own network does, as it is, in both precisions."""
        assert model.imported is not None
        own = emitted_as_it_is(model.imported)
        float64, float32 = (
            self.side(model.graph, own, recipe, dtype, original=model.original) for dtype in BOTH
        )
        return establish(float64, float32, trial)

    def side(
        self,
        graph: Graph,
        emitted: Emitted,
        recipe: Recipe,
        dtype: DType,
        *,
        original: Original | None = None,
        framework: str = "",
        mode: str = ORIGINAL,
    ) -> Side:
        """An ``original`` runs as it is, what is ``emitted`` in a mode of its ``framework``."""
        source = self.folder / "model.py"
        source.write_text(emitted.source, encoding="utf-8")
        planned = plan(
            graph,
            emitted,
            source,
            mode,
            recipe,
            dtype=dtype,
            shared_masks=bool(emitted.dropouts),
            original=original,
        )
        modes = part(original.framework if original else framework, "modes")
        self.executors.append(modes.open_executor(planned))
        return Side(graph, emitted, self.executors[-1])


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
