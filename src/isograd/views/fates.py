"""What became of each operation of a view in a later one of the same framework.

Operations are tied by what optimisers carry along: the name of the traced operation that they come
from, or else node, phase and kind. Each later operation, and each member of a fusion, stands for
one earlier operation at most; so every earlier one has exactly one fate, and they add up.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from isograd.views.kinds import (
    CONSTANTS,
    COPIES,
    DESCRIPTIONS,
    GENERATORS,
    HOLDERS,
    IDENTITIES,
    RANDOM,
    SIZES,
    short,
)
from isograd.views.view import Operation, View

Fate = Literal["kept", "fused", "rewritten", "folded", "duplicate", "layout", "eliminated"]
"""Kept as it is; computed in one kernel with others; replaced by other operations of its node and
phase; computed once, from constants and shapes; the same as another one; a copy or transpose that
is gone; gone."""

MEMBER = re.compile(r"(.+?)(?: ×(\d+))?")
"""A kind in the attribute ``fuses``, with its number."""

TIES = {"op_name", "gradient of", "gradient", "flops", "parameter"}
"""Attributes that say where an operation belongs, not what it computes."""


@dataclass
class Fates:
    """``of`` is the fate of each earlier operation, by name; those that hold values, and those of
    phases that the later view does not show, have none. ``kernels`` are the later operations that
    compute several at once, with the earlier ones that they stand for; they may stand for none, and
    share the work of one that was written out as several. ``again`` counts members of
    kernels that compute once more what another member computes; ``added`` are later operations that
    stand for no earlier one.
    """

    of: dict[str, Fate] = field(default_factory=dict)
    kernels: dict[str, list[str]] = field(default_factory=dict)
    again: int = 0
    added: list[Operation] = field(default_factory=list)

    def count(self) -> Counter[Fate]:
        """How many earlier operations have each fate."""
        return Counter(self.of.values())

    def named(self, fate: Fate) -> list[str]:
        """The earlier operations of this fate."""
        return [name for name, own in self.of.items() if own == fate]


def fates(before: View, after: View) -> Fates:
    """What became of the operations of ``before``; see `Fates`."""
    return _Matching(before, after).found


@dataclass(eq=False)
class _Unit:
    """A later operation, or a member of one, which may stand for an earlier operation."""

    owner: Operation
    kind: str
    origin: str
    fused: bool
    taken: bool = False

    def key(self) -> Hashable:
        return self.origin, self.kind

    def fits(self, op: Operation) -> bool:
        """Whether it is free; names alone may be those of another node's operation."""
        return not self.taken and (self.fused or self.owner.node == op.node)

    def places(self) -> Iterable[Hashable]:
        return ((*place, self.kind) for place in _places(self.owner))


class _Matching:
    def __init__(self, before: View, after: View) -> None:
        self.found = Fates()
        scope = _phases(before.operations) & _phases(after.operations)
        self._earlier = [op for op in before.operations if op.phase in scope]
        later = [op for op in after.operations if _phases([op]) & scope]
        self._units = sorted(
            (unit for op in later for unit in _units(op)), key=lambda unit: unit.fused
        )
        self._match(lambda unit: [unit.key()], lambda op: (_origin(op), _base(op.kind)))
        self._match(_Unit.places, lambda op: (op.node, op.phase, _base(op.kind)))
        held = {_origin(op) for op in after.operations if _is_constant(op)}
        self._settle(_fixed(before.operations), held)
        self._share_work()
        self._count_new([op for op in later if op.phase in scope and op.kind not in HOLDERS])

    def _match(
        self,
        keys: Callable[[_Unit], Iterable[Hashable]],
        key: Callable[[Operation], Hashable],
    ) -> None:
        free: dict[Hashable, list[_Unit]] = defaultdict(list)
        for unit in reversed(self._units):
            for one in () if unit.taken else keys(unit):
                free[one].append(unit)
        for op in self._earlier:
            if op.name in self.found.of:
                continue
            fitting = (unit for unit in reversed(free[key(op)]) if unit.fits(op))
            found = next(fitting, None)
            if found is not None:
                self._take(op, found)

    def _take(self, op: Operation, unit: _Unit) -> None:
        unit.taken = True
        self.found.of[op.name] = "fused" if unit.fused else "kept"
        if unit.fused:
            self.found.kernels.setdefault(unit.owner.name, []).append(op.name)

    def _settle(self, fixed: set[str], held: set[str]) -> None:
        """The fates of those that nothing stands for."""
        doubles = _doubles(self._earlier)
        others: dict[Hashable, _Unit] = {}
        for unit in self._units:
            for place in () if unit.taken else _places(unit.owner):
                others.setdefault(place, unit)
        for op in self._earlier:
            if op.name in self.found.of:
                continue
            instead = others.get((op.node, op.phase))
            if op.name in fixed or _origin(op) in held:
                self.found.of[op.name] = "folded"
            elif op.name in doubles:
                self.found.of[op.name] = "duplicate"
            elif short(op.kind) in COPIES:
                self.found.of[op.name] = "layout"
            elif short(op.kind) in DESCRIPTIONS | IDENTITIES or instead is None:
                self.found.of[op.name] = "eliminated"
            elif instead.fused:
                self.found.of[op.name] = "fused"
                self.found.kernels.setdefault(instead.owner.name, []).append(op.name)
            else:
                self.found.of[op.name] = "rewritten"

    def _share_work(self) -> None:
        """Kernels that compute something of what fused operations were written out as."""
        fused = set(self.found.named("fused"))
        places = {(op.node, op.phase) for op in self._earlier if op.name in fused}
        for unit in self._units:
            if unit.fused and places & set(_places(unit.owner)):
                self.found.kernels.setdefault(unit.owner.name, [])

    def _count_new(self, later: list[Operation]) -> None:
        done = {unit.key() for unit in self._units if unit.taken}
        again = [u for u in self._units if u.fused and not u.taken and u.origin and u.key() in done]
        standing = {
            unit.owner.name for unit in self._units if unit.taken
        } | self.found.kernels.keys()
        standing |= {unit.owner.name for unit in again}
        self.found.again = len(again)
        self.found.added = [op for op in later if op.name not in standing]


def listed_members(op: Operation) -> list[str]:
    """The kinds that a kernel computes together, as the framework lists them."""
    return [
        match[1]
        for text in _listed(op, "fuses")
        if (match := MEMBER.fullmatch(text))
        for _ in range(int(match[2] or 1))
    ]


def _units(op: Operation) -> list[_Unit]:
    members = listed_members(op)
    origins = op.attributes.get("parts", "").split(", ")
    if len(members) < 2 or op.group is None:
        return [_Unit(op, _base(kind), _origin(op), False) for kind in members[:1] or [op.kind]]
    if len(origins) != len(members):
        origins = [""] * len(members)
    return [_Unit(op, _base(k), o, True) for k, o in zip(members, origins, strict=True)]


def _origin(op: Operation) -> str:
    """The traced operation that it comes from."""
    return op.attributes.get("op_name", op.name)


def _base(kind: str) -> str:
    """``aten.addmm.default`` and ``extern_kernels.addmm`` are ``addmm``."""
    pieces = kind.split(".")
    return pieces[1] if len(pieces) > 1 else kind


def _listed(op: Operation, name: str) -> list[str]:
    return [text for text in op.attributes.get(name, "").split(", ") if text]


def _phases(operations: Iterable[Operation]) -> set[str]:
    return {
        phase
        for op in operations
        if op.phase != "input"
        for phase in (op.phase, *_listed(op, "phases"))
    }


def _places(op: Operation) -> Iterable[tuple[str | None, str]]:
    """Nodes and phases that a later operation computes something of."""
    nodes: list[str | None] = [op.node, *_listed(op, "nodes")]
    phases = [op.phase, *_listed(op, "phases")]
    if len(set(phases)) > 1:
        nodes.append(None)  # loss and update belong to no node
    return product(dict.fromkeys(nodes), dict.fromkeys(phases))


def _is_constant(op: Operation) -> bool:
    return op.phase == "input" and op.kind.lower() in CONSTANTS


def _fixed(operations: Iterable[Operation]) -> set[str]:
    """The operations that depend on constants only, or on the shapes of values."""
    found: set[str] = set()
    for op in operations:
        makes = short(op.kind) in SIZES or (not op.reads and short(op.kind) in GENERATORS)
        depends = bool(op.reads) and all(name in found for name, _ in op.reads)
        if _is_constant(op) or ((makes or depends) and not RANDOM.search(op.kind)):
            found.add(op.name)
    return found


def _doubles(operations: Iterable[Operation]) -> set[str]:
    """The operations that compute what an earlier one has computed from the same values."""
    first: dict[Hashable, str] = {}
    same: dict[str, str] = {}
    for op in operations:
        if not op.reads or not op.values or RANDOM.search(op.kind) or op.phase == "update":
            continue
        reads = tuple((same.get(name, name), number) for name, number in op.reads)
        settings = tuple(sorted((k, v) for k, v in op.attributes.items() if k not in TIES))
        same[op.name] = first.setdefault((op.kind, reads, settings), op.name)
    return {name for name, other in same.items() if name != other}
