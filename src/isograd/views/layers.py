"""Rows of a layered drawing: which one an item stands on, and the order within."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

NARROWEST = 6
"""A row has room for at least so many items; for more where there are many."""

SWEEPS = 4
"""How often the rows are gone through, downwards and upwards in turn. More changes little."""


def ranks(
    count: int, pairs: Sequence[tuple[int, int]], held: Collection[int] = ()
) -> tuple[list[int], int]:
    """The row of each item by its longest path, and the number of pairs that go against it.

    Where the pairs form a circle, it is cut before its first item. What reads nothing stands right
    above its first reader, unless it is ``held`` at the top. A row that is full sends the next item
    further down.
    """
    room = _Room(max(NARROWEST if pairs else 2, round(count**0.5)))
    readers: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for a, b in pairs:
        readers[a].append(b)
        waiting[b] += 1
    sources = [i for i in range(count) if not waiting[i] and i not in held]
    rank, done, against = [0] * count, [False] * count, 0
    ready = deque(i for i in range(count) if not waiting[i])
    oldest = 0
    for _ in range(count):
        if not ready:
            while done[oldest]:
                oldest += 1
            ready.append(oldest)
        item = ready.popleft()
        done[item] = True
        rank[item] = room.take(rank[item])
        for reader in readers[item]:
            if done[reader]:
                against += 1
                continue
            rank[reader] = max(rank[reader], rank[item] + 1)
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    return _lowered(rank, sources, readers), against


def _lowered(rank: list[int], sources: Sequence[int], readers: list[list[int]]) -> list[int]:
    """Sources as near to their first reader as there is room; the first row is 0."""
    moved = {item for item in sources if readers[item]}
    taken = Counter(row for item, row in enumerate(rank) if item not in moved)
    for item in sorted(moved, key=lambda item: min(rank[reader] for reader in readers[item])):
        row = min(rank[reader] for reader in readers[item]) - 1
        while taken[row] >= NARROWEST:
            row -= 1
        taken[row] += 1
        rank[item] = row
    first = min(rank, default=0)
    return [row - first for row in rank]


class _Room:
    """Rows of limited width."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.taken: dict[int, int] = {}
        self.free: dict[int, int] = {}

    def take(self, row: int) -> int:
        """A place on this row, or on the next one that has room."""
        passed = []
        while self.taken.get(row, 0) >= self.width:
            passed.append(row)
            row = self.free.get(row, row + 1)
        for full in passed:
            self.free[full] = row
        self.taken[row] = self.taken.get(row, 0) + 1
        return row


@dataclass
class Row:
    """Items from left to right, and which of them are connected with those of the next row."""

    items: list[int] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)
    above: dict[int, list[int]] = field(default_factory=dict)
    below: dict[int, list[int]] = field(default_factory=dict)
    next: Row | None = None

    def add(self, item: int) -> None:
        """Puts an item at the end, unless it is there."""
        if item not in self.place:
            self.place[item] = len(self.items)
            self.items.append(item)

    def connect(self, item: int, other: int, following: Row) -> None:
        """Connects an item with one of the row that follows."""
        self.next = following
        self.below.setdefault(item, []).append(other)
        following.above.setdefault(other, []).append(item)

    def sort(self, neighbours: dict[int, list[int]], beside: Row) -> None:
        """Sorts by the mean place of the neighbours in the row beside; the others stay."""
        wide, ours = max(len(beside.items), 1), max(len(self.items), 1)

        def wanted(item: int) -> float:
            near = neighbours.get(item)
            if not near:
                return (self.place[item] + 0.5) / ours
            return (sum(beside.place[other] for other in near) / len(near) + 0.5) / wide

        self.items.sort(key=wanted)
        self.place = {item: place for place, item in enumerate(self.items)}

    def links(self) -> list[tuple[int, int]]:
        """Pairs of places, here and in the next row, that are connected."""
        if self.next is None:
            return []
        following = self.next.place
        return sorted(
            {(self.place[a], following[b]) for a, several in self.below.items() for b in several}
        )


def order(rows: Sequence[Row]) -> None:
    """Sorts all rows, so that few lines cross."""
    for sweep in range(SWEEPS):
        if sweep % 2 == 0:
            for above, row in pairwise(rows):
                row.sort(row.above, above)
        else:
            for row, below in reversed(list(pairwise(rows))):
                row.sort(row.below, below)
