"""Both graphs side by side: rows of what corresponds, in the order of the reference, with what only
one side has where that side has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, fields, replace
from itertools import groupby, zip_longest
from typing import Any

from isograd.explanation import AlignedRow, Kind
from isograd.ir.alignment import Alignment, Difference
from isograd.ir.forms import forms_of
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op
from isograd.result import FirstDivergence, Spot

LONGEST = 96
"""Characters of one attribute's value: tables of numbers may be among them."""

ONLY: tuple[Kind, Kind] = ("reference only", "twin only")


def aligned_rows(reference: Graph, twin: Graph, alignment: Alignment) -> list[AlignedRow]:
    """All that both sides do, line by line; every input and node of either side is in a row."""
    rows = _Listing(reference, twin, alignment).rows()
    return list(_with_modules(_side_by_side(rows), (_Modules(reference), _Modules(twin))))


def with_errors(rows: Sequence[AlignedRow], divergence: FirstDivergence) -> list[AlignedRow]:
    """The rows with the deviations that were found along the depth."""
    ratios = {node: ratio for _, node, ratio in divergence.along}
    return [
        replace(row, ratio=ratios.get(row.reference.node) if row.reference else None)
        for row in rows
    ]


def spot(node: Node | None, without: Sequence[str] = ()) -> Spot | None:
    """A node as its owner knows it; attributes that are named in ``without`` are left out."""
    if node is None:
        return None
    return Spot(_words(node.op, without), node.name, node.scope, node.source)


def _words(op: Op, without: Sequence[str]) -> str:
    """``Conv(stride=(2, 2))``: what is as it is by default goes without saying."""
    told = (
        f"{one.name}={_value(getattr(op, one.name))}"
        for one in fields(op)
        if one.name not in without and not _is_default(one, getattr(op, one.name))
    )
    return f"{type(op).__name__}({', '.join(told)})".removesuffix("()")


def _is_default(attribute: Field[Any], value: object) -> bool:
    return attribute.default is not MISSING and bool(value == attribute.default)


def _value(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class _Listing:
    """The rows in order, before they know their modules."""

    def __init__(self, reference: Graph, twin: Graph, alignment: Alignment) -> None:
        self.graphs = reference, twin
        self.nodes = tuple({node.name: node for node in graph.nodes} for graph in self.graphs)
        self.roots = tuple(forms_of(graph).forms.keys() for graph in self.graphs)
        self.needed = tuple(map(_needed, self.graphs))
        self.twins: dict[str, list[str]] = {}
        for (ours, theirs), step in alignment.steps.items():
            if step.is_one_node:
                self.twins.setdefault(ours, []).append(theirs)
        self.regions: tuple[dict[str, Difference], dict[str, Difference]] = ({}, {})
        self.changes: dict[tuple[str, str], list[Difference]] = {}
        for difference in alignment.differences:
            self._note(difference, alignment)
        self.doubtful = {name for groups in alignment.ambiguous for name in groups[0]}
        self.placed: dict[str, int] = {}

    def _note(self, difference: Difference, alignment: Alignment) -> None:
        step = alignment.steps.get(difference.top) if difference.top else None
        if step and not step.is_one_node:
            for region, nodes in zip(self.regions, difference.only, strict=True):
                for node in nodes:
                    region.setdefault(node.name, difference)
        elif difference.reference and difference.twin:
            pair = difference.reference.name, difference.twin.name
            self.changes.setdefault(pair, []).append(difference)

    def rows(self) -> list[AlignedRow]:
        """The reference's from top to bottom, each of the twin's others behind what it follows."""
        listed: list[list[AlignedRow]] = [[]]
        for name in self._names(0):
            for row in self._of_reference(name):
                listed.append([row])
                if row.twin:
                    self.placed.setdefault(row.twin.node, len(listed) - 1)
        place = 0
        for name in self._names(1):
            if name in self.placed:
                place = self.placed[name]
            else:
                listed[place].append(self._alone(1, name))
        return [row for behind in listed for row in behind]

    def _names(self, side: int) -> list[str]:
        return [*self.graphs[side].inputs, *self.nodes[side]]

    def _of_reference(self, name: str) -> Iterator[AlignedRow]:
        region = self.regions[0].get(name)
        if name in self.twins:
            yield from (self._pair(name, theirs) for theirs in self.twins[name])
        elif region is None or not region.only[1]:
            yield self._alone(0, name)
        elif name == self._first(region):
            yield from self._rewritten(region)

    def _first(self, region: Difference) -> str:
        own = {node.name for node in region.only[0]}
        return next(name for name in self.nodes[0] if name in own)

    def _pair(self, ours: str, theirs: str) -> AlignedRow:
        changes = self.changes.get((ours, theirs), [])
        attributes = [
            (one.attribute, _value(one.values[0]), _value(one.values[1]))
            for one in changes
            if one.attribute
        ]
        names = [name for name, _, _ in attributes]
        return AlignedRow(
            "differs" if changes else "same",
            self._spot(0, ours, names),
            self._spot(1, theirs, names),
            detail="; ".join(one.detail for one in changes if not one.attribute),
            attributes=attributes,
            ambiguous=self._is_doubtful(ours),
        )

    def _rewritten(self, region: Difference) -> Iterator[AlignedRow]:
        sides = (
            [name for name in self.nodes[side] if name in {node.name for node in region.only[side]}]
            for side in (0, 1)
        )
        detail = region.detail
        for ours, theirs in zip_longest(*sides):
            left = self._spot(0, ours) if ours else None
            right = self._spot(1, theirs) if theirs else None
            yield AlignedRow("rewritten", left, right, detail=detail)
            detail = ""

    def _alone(self, side: int, name: str) -> AlignedRow:
        kind, detail = self._why_alone(side, name)
        here = self._spot(side, name)
        if side == 0:
            return AlignedRow(kind, here, None, detail=detail)
        return AlignedRow(kind, None, here, detail=detail)

    def _why_alone(self, side: int, name: str) -> tuple[Kind, str]:
        if name in self.regions[side]:
            return ONLY[side], ""
        if name not in self.needed[side]:
            return "folded", "no output depends on it"
        if name not in self.roots[side]:
            return "folded", ""
        return ONLY[side], "nothing was found that corresponds to it"

    def _spot(self, side: int, name: str, without: Sequence[str] = ()) -> Spot | None:
        node = self.nodes[side].get(name)
        if node:
            return spot(node, without)
        kind = self.graphs[side].inputs[name]
        return Spot(f"Input({', '.join(map(str, kind.shape))})", name)

    def _is_doubtful(self, ours: str) -> bool:
        node = self.nodes[0].get(ours)
        return bool(node and not self.doubtful.isdisjoint(node.parameters.values()))


def _needed(graph: Graph) -> set[str]:
    """What the outputs depend on, inputs and nodes."""
    return {*graph.outputs}.union(*((node.name, *node.inputs) for node in graph.needed))


def _side_by_side(rows: Sequence[AlignedRow]) -> Iterator[AlignedRow]:
    """What is folded on both sides between two rows stands side by side."""
    for folded, group in groupby(rows, lambda row: row.kind == "folded"):
        several = list(group)
        if not folded:
            yield from several
            continue
        ours = [row for row in several if row.reference]
        theirs = [row for row in several if row.twin]
        for left, right in zip_longest(ours, theirs):
            either = left or right
            yield replace(
                either,
                reference=left.reference if left else None,
                twin=right.twin if right else None,
            )


class _Modules:
    """Which module an op stands in: its scope where that holds other scopes, or what holds it."""

    def __init__(self, graph: Graph) -> None:
        scopes = {node.scope for node in graph.nodes}
        self._holding = {
            ".".join(parts[:length])
            for parts in (scope.split(".") for scope in scopes)
            for length in range(1, len(parts))
        }

    def around(self, scope: str) -> str:
        return scope if scope in self._holding else scope.rpartition(".")[0]


def _with_modules(
    rows: Iterator[AlignedRow], modules: tuple[_Modules, _Modules]
) -> Iterator[AlignedRow]:
    """A side that has nothing in a row stays where it was."""
    here = ["", ""]
    for row in rows:
        for side, found in enumerate((row.reference, row.twin)):
            if found:
                here[side] = modules[side].around(found.scope)
        yield replace(row, module=(here[0], here[1]))
