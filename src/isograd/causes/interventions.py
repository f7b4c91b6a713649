"""What can be made like the reference's, one thing at a time: all that differs, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isograd.causes.catalogue import Entry, catalogue
from isograd.ir.alignment import Alignment, Difference
from isograd.ir.graph import Node
from isograd.training import Recipe
from isograd.training.difference import RecipeDifference, differences


@dataclass(frozen=True)
class Intervention:
    """One thing that differs, at one place or several; ``entry`` is None where the catalogue does
    not know it. ``reference`` and ``twin`` say what is found on both sides."""

    entry: Entry | None
    reference: str
    twin: str
    detail: str
    places: tuple[Difference, ...] = ()
    field: RecipeDifference | None = None

    @property
    def id(self) -> str:
        """The entry's, or ``unknown``."""
        return self.entry.id if self.entry else "unknown"

    @property
    def summary(self) -> str:
        """A sentence for the user."""
        if self.entry is None:
            return f"Not in the catalogue: {self.detail}."
        return self.entry.summary.format(reference=self.reference, twin=self.twin)

    @property
    def harmless(self) -> str:
        """A sentence for where it changes nothing."""
        why = self.entry.harmless if self.entry else ""
        return why or f"{self.detail}: written otherwise, computes the same here"

    @property
    def fix(self) -> dict[str, str]:
        """Code for each framework; empty where the cause is not known."""
        known = self.entry.fix if self.entry else {}
        return {name: fix.format(reference=self.reference) for name, fix in known.items()}


def interventions(alignment: Alignment, reference: Recipe, twin: Recipe) -> list[Intervention]:
    """Everything that differs; what differs in one way at several places is one."""
    groups: dict[tuple[str, str, str, str], list[tuple[Entry | None, Difference]]] = {}
    for difference in alignment.differences:
        entry = next((one for one in catalogue() if one.names(difference)), None)
        values = _values(difference)
        key = (entry.id if entry else difference.detail, *values, difference.attribute)
        groups.setdefault(key, []).append((entry, difference))
    found = [_of_graphs(group) for group in groups.values()]
    return found + [_of_recipes(field) for field in differences(reference, twin)]


def _of_graphs(group: Sequence[tuple[Entry | None, Difference]]) -> Intervention:
    entry, first = group[0]
    places = tuple(difference for _, difference in group)
    return Intervention(entry, *_values(first), first.detail, places)


def _of_recipes(field: RecipeDifference) -> Intervention:
    entry = next((one for one in catalogue() if field.path in one.fields), None)
    values = str(field.reference), str(field.twin)
    return Intervention(entry, *values, f"{field.path}: {' against '.join(values)}", field=field)


def _values(difference: Difference) -> tuple[str, str]:
    if difference.attribute:
        ours, theirs = difference.values
        return str(ours), str(theirs)
    return _ops(difference.only[0]), _ops(difference.only[1])


def _ops(nodes: Iterable[Node]) -> str:
    return ", ".join(str(node.op) for node in nodes) or "nothing"
