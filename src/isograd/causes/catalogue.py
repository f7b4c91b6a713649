"""What really goes wrong in ports: the catalogue, as data.

An entry says what it looks for, what to tell the user, how to mend it in each framework's own code,
and where that is written. It is only a name: whether a difference is a cause is decided by making
the difference go away.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import cattrs

from isograd.ir.alignment import Difference
from isograd.ir.detours import Moved
from isograd.ir.graph import Node
from isograd.training.difference import RecipeDifference


@dataclass(frozen=True)
class Entry:
    """One known cause, and the differences that it names.

    A difference of two graphs is one in ``attributes`` of one of ``ops``; or what is ``moved``, the
    operands of one of ``ops`` or the axes in whose order it sees them; or that ``either`` of them
    stands in the place of another one; or that parameters are ``tied`` on one side; or what
    ``stands`` there, constants aside: ``"Softmax"`` on one side and nothing on the other,
    ``"HardSigmoid / Clip AddScalar MultiplyScalar"`` the one or the other. ``last`` says that it
    makes an output. A difference of two recipes is one of its ``fields``, ``initialisers.*`` being
    that of any parameter. ``when`` is a condition on the two values besides, see `CONDITIONS`.

    ``summary`` is a sentence in which ``{reference}`` and ``{twin}`` stand for what is found on
    both sides; ``fix`` is code in each framework's own terms, ``source`` where to read about it.
    ``harmless`` says why nothing changes, for where it is found to change nothing. Without it, that
    nothing was seen to change at some points does not mean that nothing ever will, for recipes and
    for what is ``rare``: it shows only in examples that have it.
    """

    id: str
    summary: str
    fix: dict[str, str]
    source: str
    ops: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    moved: Moved = ""
    either: bool = False
    tied: bool = False
    stands: tuple[str, ...] = ()
    last: bool = False
    fields: tuple[str, ...] = ()
    when: str = ""
    harmless: str = ""
    rare: bool = False

    def names(self, difference: Difference, last: bool = False) -> bool:
        """Whether this is what differs between two graphs; ``last`` at an output."""
        return (
            self._looks_like(difference)
            and (last or not self.last)
            and self._applies(*difference.values)
        )

    def names_field(self, difference: RecipeDifference) -> bool:
        """Whether this is what differs between two recipes."""
        values = difference.reference, difference.twin
        paths = {difference.path, difference.path.partition(".")[0] + ".*"}
        return bool(paths & {*self.fields}) and self._applies(*values)

    def _applies(self, reference: Any, twin: Any) -> bool:
        return not self.when or CONDITIONS[self.when](reference, twin)

    def _looks_like(self, difference: Difference) -> bool:
        ours, theirs = (tuple(map(kind, nodes)) for nodes in difference.only)
        known = {*ours, *theirs} <= {*self.ops}
        if difference.role or self.tied:
            return self.tied and bool(difference.role)
        if difference.attribute:
            return difference.attribute in self.attributes and known
        if difference.moved or self.moved:
            return difference.moved == self.moved and known
        if self.either:
            return len(ours) == len(theirs) == 1 and known
        made = (" ".join(kind(node) for node in nodes if node.inputs) for nodes in difference.only)
        found = sorted(made)
        return any(sorted((one + " / ").split(" / ")[:2]) == found for one in self.stands)


def kind(node: Node) -> str:
    """The name of a node's op."""
    return type(node.op).__name__


def _is_lopsided(*paddings: Any) -> bool:
    """Whether one side pads more behind than in front, as SAME does at some sizes."""
    return any(before != after for side in paddings for before, after in side)


def _overhangs(*values: Any) -> bool:
    """Whether a last window hangs over the end on one side: said so, or by its padding."""
    return isinstance(values[0], bool) or _is_lopsided(*values)


def _resets(*values: Any) -> bool:
    """Whether a GRU resets in front of its product on one side; it has a single bias then."""
    return isinstance(values[0], bool) or "single" in values


def _are_in_one(*values: Any) -> bool:
    return {*values} == {"double", "stacked"}


def _is_of_root(*values: Any) -> bool:
    return {*values} == {"inside", "outside"}


def _are_fewer(reference: Any, twin: Any) -> bool:
    return len(reference) < len(twin)


CONDITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "fewer-in-reference": _are_fewer,
    "in-one-array": _are_in_one,
    "lopsided": _is_lopsided,
    "of-root": _is_of_root,
    "overhanging": _overhangs,
    "reset": _resets,
}
"""What an entry can ask of the reference's value and the twin's."""


@cache
def catalogue() -> tuple[Entry, ...]:
    """All entries; the first one that names a difference is its name."""
    text = files("isograd.causes").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(cattrs.structure(raw, Entry) for raw in tomllib.loads(text)["cause"])


def known_ids() -> tuple[str, ...]:
    """The ids of all entries."""
    return tuple(entry.id for entry in catalogue())
