"""Classes of an emitted file: modules that differ in numbers only are instances of one class, whose
constructor takes these numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from isograd.frameworks.formatting import Bracket, Source
from isograd.frameworks.naming import LOCALS, UniqueNames, class_name

MOST = 8
"""Arguments of a constructor; modules that differ in more numbers get classes of their own."""

_NUMBER = re.compile(r"(?<![\w.\"'])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.\"'])")

_KEYWORD = re.compile(r"(\w+)=(?!=)")


@dataclass
class Draft:
    """One module before its class is known: the lines of its constructor as attribute and source
    (a draft stands for a module in it), what stands behind them, and its forward pass.
    """

    wish: str
    construction: list[tuple[str, Source | Draft]]
    after: dict[str, tuple[str, ...]]
    forward: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: int

    @property
    def height(self) -> int:
        """Levels of modules inside."""
        inner = [part.height for _, part in self.construction if isinstance(part, Draft)]
        return 1 + max(inner, default=0)


@dataclass(frozen=True)
class ClassBody:
    """A class of an emitted file. ``arguments`` are those of its constructor; ``construction`` are
    pairs of attribute and source, ``forward`` lines indented by 8.
    """

    name: str
    arguments: tuple[str, ...]
    construction: tuple[tuple[str, Source], ...]
    after: Mapping[str, tuple[str, ...]]
    forward: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: int


@dataclass
class _Found:
    """What became of a draft: the call that makes it, and how the call's arguments are named."""

    call: Source
    arguments: tuple[str, ...]


@dataclass
class Classes:
    """Turns drafts into classes. ``positional`` names the positional arguments of calls that the
    dialect writes, such as ``nn.Linear(`` to ``("in_features", "out_features")``.
    """

    positional: Mapping[str, tuple[str, ...]]
    reserved: frozenset[str]
    bodies: list[ClassBody] = field(default_factory=list)

    def define(self, root: Draft) -> tuple[ClassBody, ...]:
        """All classes, the inner ones first, the root last."""
        root_name = class_name(root.wish, self.reserved)
        self._taken = {root_name, *self.reserved}
        self._found: dict[int, _Found] = {}
        drafts = list(_inner(root))
        for height in range(1, root.height):
            self._level([draft for draft in drafts if draft.height == height])
        return (*self.bodies, self._body(root, root_name, (), self._resolved(root)))

    def _level(self, drafts: Sequence[Draft]) -> None:
        """Drafts that hold only drafts that are classes already."""
        groups: dict[object, list[Draft]] = {}
        for draft in drafts:
            groups.setdefault(self._shape(draft, r"#"), []).append(draft)
        for group in groups.values():
            if len(self._columns(group)) > MOST:
                exact: dict[object, list[Draft]] = {}
                for draft in group:
                    exact.setdefault(self._shape(draft, r"\g<0>"), []).append(draft)
                for same in exact.values():
                    self._define(same)
            else:
                self._define(group)

    def _resolved(self, draft: Draft) -> list[tuple[str, Source]]:
        return [
            (attribute, self._found[id(part)].call if isinstance(part, Draft) else part)
            for attribute, part in draft.construction
        ]

    def _shape(self, draft: Draft, number: str) -> object:
        """What must be alike in modules of one class, with ``number`` in the place of numbers."""
        lines = tuple((a, _NUMBER.sub(number, str(s))) for a, s in self._resolved(draft))
        after = tuple(sorted(draft.after.items()))
        return draft.wish, lines, after, draft.forward, draft.inputs, draft.outputs

    def _columns(self, group: Sequence[Draft]) -> dict[tuple[str, ...], list[int]]:
        """The values that differ over the group, each with the places where it stands."""
        rows = [[n for _, s in self._resolved(draft) for n in _numbers(s)] for draft in group]
        columns: dict[tuple[str, ...], list[int]] = {}
        for place, column in enumerate(zip(*rows, strict=True)):
            if len(set(column)) > 1:
                columns.setdefault(column, []).append(place)
        return columns

    def _define(self, group: Sequence[Draft]) -> None:
        columns = self._columns(group)
        lines = self._resolved(group[0])
        wishes = [wish for _, source in lines for wish in self._wishes(source)]
        names = UniqueNames(LOCALS)
        arguments = tuple(names.claim(wishes[places[0]], "size") for places in columns.values())
        by_place = {
            place: argument
            for argument, places in zip(arguments, columns.values(), strict=True)
            for place in places
        }
        places = iter(range(len(wishes)))
        lines = [(a, _renumbered(source, by_place, places)) for a, source in lines]
        wish = class_name(group[0].wish, self.reserved)
        name = next(
            n for n in chain([wish], (f"{wish}{i}" for i in count(2))) if n not in self._taken
        )
        self._taken.add(name)
        self.bodies.append(self._body(group[0], name, arguments, lines))
        for row, draft in enumerate(group):
            values = tuple(column[row] for column in columns)
            self._found[id(draft)] = _Found(Bracket(f"{name}(", values, ")"), arguments)
        self.positional = {**self.positional, f"{name}(": arguments}

    @staticmethod
    def _body(
        draft: Draft, name: str, arguments: tuple[str, ...], lines: list[tuple[str, Source]]
    ) -> ClassBody:
        return ClassBody(
            name, arguments, tuple(lines), draft.after, draft.forward, draft.inputs, draft.outputs
        )

    def _wishes(self, source: Source, around: str = "size") -> Iterator[str]:
        """For each number in a source, what it could be called."""
        if isinstance(source, str):
            keyword = _KEYWORD.match(source)
            wish = keyword[1] if keyword else around
            yield from (wish for _ in _NUMBER.finditer(source))
            return
        named = self.positional.get(source.opening, ())
        keyword = _KEYWORD.match(source.opening)
        around = keyword[1] if keyword else around
        for index, item in enumerate(source.items):
            yield from self._wishes(item, named[index] if index < len(named) else around)


def _inner(draft: Draft) -> Iterator[Draft]:
    """All drafts inside, each after what is inside of it."""
    for _, part in draft.construction:
        if isinstance(part, Draft):
            yield from _inner(part)
            yield part


def _numbers(source: Source) -> Iterator[str]:
    if isinstance(source, str):
        yield from (found[0] for found in _NUMBER.finditer(source))
    else:
        for item in source.items:
            yield from _numbers(item)


def _renumbered(source: Source, names: Mapping[int, str], places: Iterator[int]) -> Source:
    """The source with the numbers at some places replaced by names."""
    if isinstance(source, str):
        return _NUMBER.sub(lambda found: names.get(next(places), found[0]), source)
    items = tuple(_renumbered(item, names, places) for item in source.items)
    return Bracket(source.opening, items, source.closing)
