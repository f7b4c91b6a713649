"""Two networks that were written independently, held against each other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Emitted, Executor, Original
from isograd.frameworks.side import Side, emitted_as_it_is, plan
from isograd.ir.alignment import Alignment, Difference, align
from isograd.ir.mapping import Permute, Transform
from isograd.models import Model
from isograd.proof import establish, make_trial, prove_side
from isograd.proof.trial import RECORDED_STEPS
from isograd.result import Proof
from isograd.run.fit import check_loss
from isograd.run.workbench import ORIGINAL
from isograd.training import Recipe


@dataclass(frozen=True)
class Pair:
    """A user's two networks, aligned."""

    reference: Model
    twin: Model
    alignment: Alignment

    def emitted_twin(self) -> Emitted:
        """The twin's own tensors under the names of the reference's graph."""
        imported = self.twin.imported
        assert imported is not None
        own = emitted_as_it_is(imported)
        here, there = self.reference.graph, self.twin.graph
        values = dict(zip(here.inputs, (own.values[name] for name in there.inputs), strict=True))
        values |= dict(zip(here.outputs, (own.values[name] for name in there.outputs), strict=True))
        nodes = self.alignment.nodes
        dropouts = {
            name: own.dropouts[other] for name, other in nodes.items() if other in own.dropouts
        }
        parameters = self.alignment.mapping.compose(own.parameters)
        names = parameters.names
        return Emitted(
            source="",
            class_name="",
            parameters=parameters,
            trainable=tuple(names[name] for name in here.trainable),
            values=values,
            dropouts=dropouts,
            masks={name: self._turn(name) >> own.masks[nodes[name]] for name in dropouts},
        )

    def _turn(self, name: str) -> Transform:
        """From the reference's axes of a value to the twin's."""
        axes = self.alignment.turns.get(name)
        return Transform((Permute(axes),) if axes else ())


def pair_up(reference: Model, twin: Model) -> Pair:
    """Aligns two networks that users brought. Raises `UsageError` for one that is a graph only."""
    for model in (reference, twin):
        if model.imported is None:
            raise UsageError(f"{model.reference!r} is no network of a framework's own.")
    return Pair(reference, twin, align(reference.graph, twin.graph))


def prove_pair(pair: Pair, recipe: Recipe, seed: int = 0) -> Proof:
    """All stages, both networks run as they are, in this process."""
    return _prove_here(pair.reference, pair.twin.original, pair.emitted_twin(), recipe, seed)


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
    return _prove_here(model, None, emitted, recipe, seed, to=to, mode=mode, recorded=recorded)


def _prove_here(
    model: Model,
    twin: Original | None,
    emitted: Emitted,
    recipe: Recipe,
    seed: int,
    *,
    to: str = "",
    mode: str = ORIGINAL,
    recorded: tuple[int, ...] = RECORDED_STEPS,
) -> Proof:
    check_loss(model.graph, recipe)
    if model.imported is None or model.original is None:
        raise UsageError(f"{model.reference!r} is a graph, not a network of a framework's own.")
    trial = make_trial(model.graph, recipe, None, seed, model.weights, model.bounds, recorded)
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        source = Path(folder) / "model.py"
        source.write_text(emitted.source, encoding="utf-8")

        def side(
            emitted: Emitted, original: Original | None, dtype: Literal["float32", "float64"]
        ) -> Side:
            framework = original.framework if original else to
            planned = plan(
                model.graph,
                emitted,
                source,
                ORIGINAL if original else mode,
                recipe,
                dtype=dtype,
                shared_masks=bool(emitted.dropouts),
                original=original,
            )
            executors.append(part(framework, "modes").open_executor(planned))
            return Side(model.graph, emitted, executors[-1])

        frameworks = {model.original.framework, twin.framework if twin else to}
        executors: list[Executor] = []
        restores = [part(framework, "runtime").settings() for framework in frameworks]
        try:
            ours = emitted_as_it_is(model.imported)
            baseline = establish(
                side(ours, model.original, "float64"), side(ours, model.original, "float32"), trial
            )
            return prove_side(
                baseline, side(emitted, twin, "float64"), side(emitted, twin, "float32")
            )
        finally:
            for executor in executors:
                executor.release()
            for restore in restores:
                restore()


def describe(difference: Difference) -> str:
    """One line: what differs, and where on both sides."""
    places = [
        f"{name} {node.scope or node.name}" + (f" ({node.source})" if node.source else "")
        for name, node in (("reference", difference.reference), ("twin", difference.twin))
        if node
    ]
    return f"{difference.detail}: {', '.join(places)}" if places else difference.detail
