"""Recurrences that are read for more than their outputs: one call hands out all final states."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from isograd.frameworks.formatting import Source
from isograd.frameworks.last_steps import RECURRENT, last_step
from isograd.frameworks.locals import Held, Line
from isograd.ir import ops
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op


@dataclass(frozen=True)
class Unpacking:
    """How a statement takes apart what a layer hands out: ``pattern`` has a place for the name of
    the outputs and of each state, ``state`` says what a state is in terms of its name, ``wishes``
    are the names that are taken where they are free.
    """

    pattern: str
    state: str = "{}"
    wishes: tuple[str, ...] = ("h", "c")


def handing_out(graph: Graph) -> frozenset[str]:
    """Names of the recurrences whose layer hands out its states, in one of its calls at least."""
    calls = [node for node in graph.nodes if isinstance(node.op, RECURRENT)]
    read = {node.inputs[0] for node in graph.nodes if isinstance(node.op, FINAL)}
    held = {name for node in calls if node.name in read for name in node.parameters.values()}
    return frozenset(n.name for n in calls if not held.isdisjoint(n.parameters.values()))


def final_states(
    node: Node, readers: list[Node], parts: Collection[object]
) -> tuple[tuple[str, ...], ...] | None:
    """For each state of a recurrence, the nodes among ``parts``, which are in one module with it,
    that are this state; None if only its outputs are read.
    """
    if not any(isinstance(reader.op, FINAL) for reader in readers):
        return None
    near = [reader for reader in readers if any(reader is part for part in parts)]
    assert isinstance(node.op, RECURRENT)
    hidden: tuple[Op, ...] = (ops.HiddenState(),)
    if not node.op.masked:  # else the last output may be older than the states
        hidden += (last_step(node.op),)
    kinds = (hidden, (ops.CellState(),))[: node.op.states]
    return tuple(tuple(reader.name for reader in near if reader.op in kind) for kind in kinds)


def turns(node: Node, last: bool) -> bool:
    """Whether the outputs of all steps come in the wrong order: those of a layer that goes
    backwards."""
    return bool(node.op.attributes()["reverse"]) and not last


def lines_of_recurrence(
    outputs: Held,
    reads: tuple[Held, ...],
    states: tuple[tuple[Held, ...], ...],
    unpacking: Unpacking,
    write: Callable[[tuple[str, ...]], Source],
    turn: Callable[[tuple[str, ...]], Source] | None,
) -> list[Line]:
    """One call makes the outputs and the states; ``turn`` puts the outputs in order behind it. A
    state that several nodes read has one variable.
    """
    name, order = outputs
    raw = (f"{name} as made", order) if turn else outputs
    unread = (((f"{name} state {place}", ()),) for place in range(len(states)))
    made = [held or other for held, other in zip(states, unread, strict=True)]
    forms = ("{}", *(unpacking.state for _ in states))
    makes = (raw, *(held[0] for held in made))
    lines = [Line(makes, reads, write, unpacking.pattern, forms, ("", *unpacking.wishes))]
    lines += [Line((outputs,), (raw,), turn)] if turn else []
    lines += [
        Line((other,), held[:1], lambda names: names[0]) for held in made for other in held[1:]
    ]
    return lines


FINAL = (ops.CellState, ops.HiddenState)
"""Ops that read a final state."""

TURN = ops.Flip((1,))
"""What puts outputs in order that were made backwards."""
