"""What can be made like the reference's, one thing at a time: all that differs, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
    def is_course(self) -> bool:
        """Whether it says how a training goes on from batch to batch."""
        return self.field is not None and self.field.path.partition(".")[0] in COURSE

    @property
    def may_be_harmless(self) -> bool:
        """Whether it never changes anything if it changes nothing where it was looked at: at
        generic points, networks that agree are the same. Not so a schedule that sets in later, or
        a word that no example had, unless the catalogue says so."""
        if self.entry and (self.field or self.entry.rare):
            return bool(self.entry.harmless)
        return self.field is None

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
    return found + _of_recipes(differences(reference, twin))


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
    """Each by itself, but first weights that are drawn in the same two ways are one."""
    found: dict[tuple[str, ...], Intervention] = {}
    for field in filter(_is_known, fields):
        entry = next((one for one in catalogue() if one.names_field(field)), None)
        values = str(field.reference), str(field.twin)
        head, _, name = field.path.partition(".")
        key = (head, *values) if head in COURSE else (head, name)
        detail = f"{field.path}: {' against '.join(values)}"
        found.setdefault(key, Intervention(entry, *values, detail, field=field))
    return [*found.values()]


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
    return ", ".join(value) if names else str(value)  # type: ignore[arg-type]


def _ops(nodes: Iterable[Node]) -> str:
    return ", ".join(str(node.op) for node in nodes) or "nothing"
