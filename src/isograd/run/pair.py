"""Two networks that were written independently, held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.side import Side, emitted_as_it_is, plan
from isograd.ir.alignment import Alignment, Mismatch, align
from isograd.models import Model
from isograd.proof import establish, make_trial, prove_side
from isograd.result import Proof
from isograd.run.fit import check_loss
from isograd.training import TrainSpec


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
        dropouts = {
            name: own.dropouts[other]
            for name, other in self.alignment.nodes.items()
            if other in own.dropouts
        }
        values |= {name: own.values[self.alignment.nodes[name]] for name in dropouts}
        parameters = self.alignment.mapping.compose(own.parameters)
        names = parameters.names
        return Emitted(
            source="",
            class_name="",
            parameters=parameters,
            trainable=tuple(names[name] for name in here.trainable),
            values=values,
            dropouts=dropouts,
        )


def pair_up(reference: Model, twin: Model) -> Pair:
    """Aligns two networks that users brought. Raises `UsageError` for one that is a graph only."""
    for model in (reference, twin):
        if model.imported is None:
            raise UsageError(f"{model.reference!r} is no network of a framework's own.")
    return Pair(reference, twin, align(reference.graph, twin.graph))


def prove_pair(pair: Pair, spec: TrainSpec, seed: int = 0) -> Proof:
    """All stages, both networks run as they are, in this process."""
    check_loss(pair.reference.graph, spec)
    graph = pair.reference.graph
    imported = pair.reference.imported
    assert imported is not None
    ours, theirs = emitted_as_it_is(imported), pair.emitted_twin()
    trial = make_trial(graph, spec, None, seed, pair.reference.weights)

    def side(model: Model, emitted: Emitted, dtype: Literal["float32", "float64"]) -> Side:
        original = model.original
        assert original is not None
        planned = plan(
            graph,
            emitted,
            None,
            "original",
            spec,
            dtype=dtype,
            shared_masks=bool(emitted.dropouts),
            original=original,
        )
        return Side(graph, emitted, part(original.framework, "modes").open_executor(planned))

    baseline = establish(
        side(pair.reference, ours, "float64"), side(pair.reference, ours, "float32"), trial
    )
    return prove_side(
        baseline, side(pair.twin, theirs, "float64"), side(pair.twin, theirs, "float32")
    )


def describe(mismatch: Mismatch) -> str:
    """One line: what differs, and where on both sides."""
    places = [
        f"{name} {node.scope or node.name} ({node.source or 'no source'})"
        for name, node in (("reference", mismatch.reference), ("twin", mismatch.twin))
        if node
    ]
    return f"{mismatch.detail}: {', '.join(places)}" if places else mismatch.detail
