"""What can be made like the reference's, one thing at a time: all that differs, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from isograd.causes.catalogue import Entry, catalogue
from isograd.ir.alignment import Alignment, Difference
from isograd.ir.graph import Node
from isograd.training import Recipe
from isograd.training.difference import RecipeDifference, differences

COURSE = frozenset(
    {
        "batch_size",
        "drop_last",
        "shuffle",
        "epochs",
        "precision",
        "data",
        "initialisers",
        "unread",
    }
)
"""Fields of a recipe that nothing shows of at one fixed batch."""


REMEMBERED = frozenset({"loss.takes", "loss.looks_through"})
"""Fields by which a loss knows that a network ends in probabilities."""


@dataclass(frozen=True)
class Intervention:
    """One thing that differs, at one place or several; ``entry`` is None where the catalogue does
    not know it. ``reference`` and ``twin`` say what is found on both sides."""

    entry: Entry | None
    reference: str
    twin: str
    detail: str
    places: tuple[Difference, ...] = ()
    fields: tuple[RecipeDifference, ...] = ()

    @property
    def is_course(self) -> bool:
        """Whether it says how a training goes on from batch to batch."""
        return bool(self.fields) and self.fields[0].path.partition(".")[0] in COURSE

    @property
    def is_unread(self) -> bool:
        """Whether it is something in a script that was not understood: it may do anything."""
        return any(field.path == "unread" for field in self.fields)

    @property
    def may_be_harmless(self) -> bool:
        """Whether it never changes anything if it changes nothing where it was looked at: at
        generic points, networks that agree are the same. Not so a schedule that sets in later, or
        a word that no example had, unless the catalogue says so."""
        if self.entry and (self.fields or self.entry.rare):
            return bool(self.entry.harmless)
        return not self.fields

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
        return f"{self.detail}: {why or 'written otherwise, computes the same here'}"

    @property
    def fix(self) -> dict[str, str]:
        """Code for each framework; empty where the cause is not known."""
        known = self.entry.fix if self.entry else {}
        return {name: fix.format(reference=self.reference) for name, fix in known.items()}


def interventions(alignment: Alignment, reference: Recipe, twin: Recipe) -> list[Intervention]:
    """Everything that differs; what differs in one way at several places is one."""
    groups: dict[tuple[str, ...], list[Difference]] = {}
    entries: dict[tuple[str, ...], Entry | None] = {}
    for bundle in _bundles(alignment):
        entry, *_ = (_entry(one, alignment) for one in bundle)
        key = entry.id if entry else bundle[0].detail, *_values(bundle)
        entries[key] = entry
        groups.setdefault(key, []).extend(bundle)
    found = [
        Intervention(entries[key], key[1], key[2], places[0].detail, tuple(places))
        for key, places in groups.items()
    ]
    return _joined(found + _of_recipes(differences(reference, twin)))


def _bundles(alignment: Alignment) -> Iterable[Sequence[Difference]]:
    """Differences that are mended together: what one entry names at one place."""
    bundles: dict[tuple[object, ...], list[Difference]] = {}
    for number, difference in enumerate(alignment.differences):
        entry = _entry(difference, alignment)
        key = (entry.id, difference.top) if entry and difference.top else (number,)
        bundles.setdefault(key, []).append(difference)
    return bundles.values()


def _entry(difference: Difference, alignment: Alignment) -> Entry | None:
    last = difference.top in alignment.outputs
    return next((one for one in catalogue() if one.names(difference, last)), None)


def _is_known(field: RecipeDifference) -> bool:
    """Whether both trainings say it at all."""
    return field.path not in ("data", "epochs") or bool(field.reference and field.twin)


def _of_recipes(fields: Iterable[RecipeDifference]) -> list[Intervention]:
    """Each by itself, but all first weights together."""
    groups: dict[str, list[RecipeDifference]] = {}
    for field in filter(_is_known, fields):
        head = field.path.partition(".")[0]
        groups.setdefault(head if head in COURSE else field.path, []).append(field)
    return [_of_fields(group) for group in groups.values()]


def _of_fields(group: Sequence[RecipeDifference]) -> Intervention:
    entry = next((one for one in catalogue() if one.names_field(group[0])), None)
    ours, theirs = (
        "; ".join(dict.fromkeys(_text(value) for value in side))
        for side in ([f.reference for f in group], [f.twin for f in group])
    )
    path = group[0].path if len(group) == 1 else group[0].path.partition(".")[0]
    return Intervention(
        entry, ours, theirs, f"{path}: {ours} against {theirs}", fields=tuple(group)
    )


def _joined(found: list[Intervention]) -> list[Intervention]:
    """A softmax at the end of one side, and a loss that reckons with it there, are one: neither can
    be mended without the other."""
    softmax = next((one for one in found if one.id == "double-softmax" and one.places), None)
    loss = [one for one in found if {field.path for field in one.fields} & REMEMBERED]
    if softmax is None or not loss:
        return found
    entry = next(entry for entry in catalogue() if entry.id == "outputs-are-probabilities")
    fields = tuple(field for one in loss for field in one.fields)
    whole = replace(softmax, entry=entry, fields=fields)
    return [whole, *(one for one in found if one is not softmax and one not in loss)]


def _values(bundle: Sequence[Difference]) -> tuple[str, str]:
    """What the two sides have: the value of an attribute, or several by name; or ops."""
    if not bundle[0].attribute and not bundle[0].role:
        return _ops(bundle[0].only[0]), _ops(bundle[0].only[1])
    if len(bundle) == 1:
        return _text(bundle[0].values[0]), _text(bundle[0].values[1])
    sides = [[f"{d.attribute}={_text(d.values[i])}" for d in bundle] for i in (0, 1)]
    return ", ".join(sides[0]), ", ".join(sides[1])


def _text(value: object) -> str:
    names = isinstance(value, tuple) and value and all(isinstance(one, str) for one in value)
    return ", ".join(value) if names else str(value) or "nothing"  # type: ignore[arg-type]


def _ops(nodes: Iterable[Node]) -> str:
    return ", ".join(str(node.op) for node in nodes) or "nothing"
