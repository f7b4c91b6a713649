"""Two networks that their user wrote, matched: which tensor of one is which of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from isograd.errors import UsageError, unknown
from isograd.ir.alignment import Alignment, align
from isograd.ir.graph import Graph, Node
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping_document import MappingDocument
from isograd.ir.ops import BatchNorm, Dropout
from isograd.models import Model, load
from isograd.run.pair import Pair, describe, load_like, pair_up

MOST_SHOWN = 5
"""How many differences an error names."""


@dataclass(frozen=True)
class Match:
    """The mapping, and one line for each difference that shows in training only, such as another
    rate of dropout or another rule for running statistics."""

    document: MappingDocument
    notes: tuple[str, ...]


def match(
    reference: object,
    twin: object,
    inputs: Sequence[str | InputSpec] = (),
    twin_inputs: Sequence[str | InputSpec] | None = None,
    pairs: Mapping[str, str] | None = None,
    *,
    trust: bool = False,
) -> Match:
    """The mapping from the tensors of ``reference`` to those of ``twin``, and what differs in
    training alone.

    Both are imported, and their graphs are aligned as they are in evaluation: by structure and
    shapes, never by names, and never by guessing which axis is which.

    Args:
        reference: the network to come from, as `isograd.load` takes it.
        twin: the network to go to.
        inputs: what the reference is called with; and the twin, if it does not know that itself.
        twin_inputs: what the twin is called with, where that is laid out otherwise.
        pairs: tensors of the reference to tensors of the twin, where structure cannot tell which
            is which, such as in two branches that are alike.
        trust: let a model file bring code of its own.

    Raises `UsageError` when the networks differ, with the first places on both sides; when tensors
    cannot be told apart; and for ``pairs`` that contradict the structure.

    """
    ours = load(reference, inputs, trust=trust)
    theirs = load_like(partial(load, twin, trust=trust), twin_inputs, inputs)
    whole = pair_up(ours, theirs)
    pair = replace(whole, alignment=align(evaluated(ours.graph), evaluated(theirs.graph)))
    _check(pair.alignment)
    notes = [describe(difference) for difference in whole.alignment.differences]
    return Match(_document(pair, _settled(pair, dict(pairs or {}))), tuple(notes))


def evaluated(graph: Graph) -> Graph:
    """The graph as it is in evaluation: dropout changes nothing, and how running statistics move
    does not matter."""
    kept: list[Node] = []
    passed: dict[str, str] = {}
    for node in graph.nodes:
        inputs = tuple(passed.get(name, name) for name in node.inputs)
        if isinstance(node.op, Dropout):
            passed[node.name] = inputs[0]
            continue
        op = node.op
        if isinstance(op, BatchNorm):
            op = replace(op, momentum=BatchNorm().momentum, unbiased=True)
        kept.append(replace(node, op=op, inputs=inputs))
    outputs = tuple(passed.get(name, name) for name in graph.outputs)
    return replace(graph, nodes=tuple(kept), outputs=outputs)


def _check(found: Alignment) -> None:
    if not found.differences:
        return
    shown = [describe(difference) for difference in found.differences[:MOST_SHOWN]]
    more = len(found.differences) - len(shown)
    raise UsageError(
        f"The two networks differ: {'; '.join(shown)}{f'; and {more} more' if more else ''}.",
        hint="Make them alike; weights of one would mean something else in the other.",
    )


def _settled(pair: Pair, wanted: Mapping[str, str]) -> dict[str, str]:
    """Parameters of the reference's graph to those of the twin's, ambiguous ones as ``wanted``."""
    ours, theirs = (_tensors(side) for side in (pair.reference, pair.twin))
    for side, known, names in (("first", ours, wanted), ("second", theirs, wanted.values())):
        for name in set(names) - set(known.values()):
            raise unknown(f"tensor of the {side} network", name, known.values())
    chosen = {**wanted}
    found = dict(pair.alignment.parameters)
    for left, right in pair.alignment.ambiguous:
        back = {name: parameter for parameter, name in theirs.items()}
        group = {name: back.get(chosen.pop(ours.get(name, name), ""), "") for name in left}
        if sorted(group.values()) != sorted(right):
            raise UsageError(
                "Structure cannot tell which is which: "
                f"{', '.join(ours.get(name, name) for name in left)} "
                f"and {', '.join(theirs.get(name, name) for name in right)}.",
                hint="Say it with --pair NAME=NAME, once for each tensor of the first network.",
            )
        found |= group
    for name in chosen:
        raise UsageError(
            f"Structure tells what {name!r} is in the second network; a pair cannot change that.",
            hint="Leave its --pair out.",
        )
    return found


def _tensors(model: Model) -> dict[str, str]:
    """Parameter of the graph to the network's own tensor."""
    assert model.imported is not None
    return model.imported.parameters.inverse.names


def _document(pair: Pair, parameters: Mapping[str, str]) -> MappingDocument:
    reference, twin = pair.reference, pair.twin
    assert reference.imported is not None
    assert reference.original is not None
    assert twin.imported is not None
    assert twin.original is not None
    between = pair.alignment.mapping_of(parameters)
    map = reference.imported.parameters.compose(between).compose(twin.imported.parameters.inverse)
    native = _tensors(reference)
    trainable = tuple(native[name] for name in reference.graph.trainable)
    return MappingDocument(map, reference.original.framework, twin.original.framework, trainable)
