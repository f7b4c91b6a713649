"""How the operations of a view are grouped, and in what order they stand.

Groups are the user's modules, and within them the nodes of the network; or the kernels that a
compiler made. Each group is arranged on its own, in layers (Sugiyama, Tagawa, Toda 1981): an item
stands below all that it reads, on the row that the longest path gives it, and items of a row are
sorted by where their neighbours stand. A value that passes rows, or comes in from outside, or goes
out, has a slot of its own in each of them. Nothing of this depends on what is folded away: whoever
draws the view only has to add up sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from isograd.views.groups import Group
from isograd.views.layers import Row, order, ranks
from isograd.views.tree import Branch, Edge, children, grow, split
from isograd.views.twins import Twins, find_twins
from isograd.views.view import View

LONGEST = 40
"""A value that passes more rows than this has no slots in them: it is drawn as one line."""


@dataclass
class Arrangement:
    """All groups of a view, those around others first.

    ``lanes`` are the outermost: what runs forward, the loss, what runs backward and the update.
    """

    groups: list[Group] = field(default_factory=list)
    lanes: dict[str, int] = field(default_factory=dict)
    twins: list[Twins] = field(default_factory=list)


def arrange(view: View, by: Literal["module", "kernel"] = "module") -> Arrangement:
    """Groups and orders the operations. It takes time n log n in their number, and the same view is
    always arranged in the same way."""
    numbers = {operation.name: i for i, operation in enumerate(view.operations)}
    edges = [
        (numbers[name], reader)
        for reader, operation in enumerate(view.operations)
        for name in dict.fromkeys([*(read for read, _ in operation.reads), *operation.after])
    ]
    found = Arrangement()
    work = _Work(found, [operation.node for operation in view.operations])
    trees = grow(view, edges, by)
    lane = {i: name for name, branch in trees.items() for i in branch.all()}
    for name, branch in trees.items():
        near = [(s, r) for s, r in edges if _drawn(lane[s], lane[r]) and name in (lane[s], lane[r])]
        found.lanes[name] = work.place(branch, None, near)
    if {"forward", "backward"} <= set(found.lanes):
        found.twins = find_twins(view, found.groups, found.lanes)
    return found


def _drawn(lane: str, other: str) -> bool:
    """Whether a value from one lane to the other has slots: within one, and into the loss. All
    others would be a thicket."""
    return lane == other or (lane, other) == ("forward", "loss")


@dataclass
class _Work:
    """Fills an arrangement, group by group."""

    found: Arrangement
    nodes: list[str | None]

    def place(self, branch: Branch, parent: int | None, edges: Sequence[Edge]) -> int:
        """Arranges what is in a branch, and in all below. ``edges`` are those that touch it."""
        number = len(self.found.groups)
        group = Group(
            branch.title, branch.kind, branch.scope, branch.node, parent, len(branch.all())
        )
        self.found.groups.append(group)
        members, level = _level(branch, edges, self.nodes)
        total = len(self.nodes)
        items: list[int] = []
        for member in members:
            if isinstance(member, int):
                items.append(member)
            else:
                items.append(total + self.place(member, number, level.touching[len(items)]))
        links = [link for link in level.links if branch.kind != "inputs" or link[1] is not None]
        group.rows, group.links = _rows(items, links)
        return number


@dataclass
class _Level:
    """What connects the members of one group. A link goes from a member to a member, None where
    the value comes from outside or goes there, and has the operation that makes the value."""

    links: list[tuple[int | None, int | None, int]]
    touching: dict[int, list[Edge]]


def _level(
    branch: Branch, edges: Sequence[Edge], nodes: Sequence[str | None]
) -> tuple[list[Branch | int], _Level]:
    """The members of a branch. A module that is called more than once, so that it would stand both
    above and below another one, is one member for each of its calls."""
    members = children(branch)
    level = _connect(members, edges)
    tangled = _tangled(len(members), level)
    if tangled:
        parts = [
            split(member, level.touching[i], nodes)
            if i in tangled and isinstance(member, Branch)
            else [member]
            for i, member in enumerate(members)
        ]
        members = [part for several in parts for part in several]
        members.sort(key=lambda member: member if isinstance(member, int) else member.first)
        level = _connect(members, edges)
    return members, level


def _connect(members: Sequence[Branch | int], edges: Sequence[Edge]) -> _Level:
    place = {
        operation: i
        for i, member in enumerate(members)
        for operation in ([member] if isinstance(member, int) else member.all())
    }
    links: dict[tuple[int | None, int | None, int], None] = {}
    touching: dict[int, list[Edge]] = {i: [] for i in range(len(members))}
    for source, reader in edges:
        a, b = place.get(source), place.get(reader)
        for end in {a, b} - {None}:
            touching[end].append((source, reader))  # type: ignore[index]
        if a != b:
            links[a, b, source] = None
    return _Level(list(links), touching)


def _tangled(count: int, level: _Level) -> set[int]:
    """Members that are on a circle."""
    pairs = [(a, b) for a, b, _ in level.links if a is not None and b is not None]
    _, against = ranks(count, pairs)
    if not against:
        return set()
    from scipy.sparse import coo_array  # here, so that reports do without where there is no circle
    from scipy.sparse.csgraph import connected_components

    ends = list(zip(*pairs, strict=True))
    matrix = coo_array(([1] * len(pairs), (ends[0], ends[1])), shape=(count, count))
    _, labels = connected_components(matrix, directed=True, connection="strong")
    sizes = Counter(labels.tolist())
    return {i for i, label in enumerate(labels.tolist()) if sizes[label] > 1}


def _rows(
    items: list[int], links: Sequence[tuple[int | None, int | None, int]]
) -> tuple[list[list[int]], list[list[tuple[int, int]]]]:
    pairs = [(a, b) for a, b, _ in links if a is not None and b is not None]
    rank, _ = ranks(len(items), pairs, {b for a, b, _ in links if a is None and b is not None})
    last = max(rank, default=0) + 2
    rows = [Row() for _ in range(last + 1)]
    for place, item in enumerate(items):
        rows[rank[place] + 1].add(item)
    spans: dict[int, tuple[int, int, list[tuple[int, int]]]] = {}
    for a, b, source in links:
        start = 0 if a is None else rank[a] + 1
        end = last if b is None else rank[b] + 1
        begins = -1 - source if a is None else items[a]
        ends = -1 - source if b is None else items[b]
        spans.setdefault(source, (start, begins, []))[2].append((end, ends))
    for source, (start, begins, readers) in spans.items():
        _thread(rows, -1 - source, start, begins, readers)
    order(rows)
    return [row.items for row in rows], [row.links() for row in rows[:-1]]


def _thread(
    rows: list[Row], slot: int, start: int, begins: int, readers: list[tuple[int, int]]
) -> None:
    """Gives a value its slots, from the row where it begins to those where it is read."""
    if begins == slot:
        rows[0].add(slot)
    near = [(end, item) for end, item in readers if 0 < end - start <= LONGEST]
    furthest = max((end for end, _ in near), default=start)
    for row in range(start + 1, furthest):
        rows[row].add(slot)
    for row in range(start, furthest - 1):
        rows[row].connect(begins if row == start else slot, slot, rows[row + 1])
    for end, item in readers:
        if item == slot:
            rows[end].add(slot)
        if 0 < end - start <= LONGEST:
            rows[end - 1].connect(begins if end - 1 == start else slot, item, rows[end])
