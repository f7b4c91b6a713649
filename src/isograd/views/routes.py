"""The lines between what is visible: which there are, and the points that each goes through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from isograd.views.arrangement import Arrangement
from isograd.views.placement import Placement, Point, upwards
from isograd.views.view import View


@dataclass
class Line:
    """From a visible item to another, for all values that ``readers`` there read of ``sources``
    here. ``waits`` says that they only wait. A line ``aside`` goes from
    lane to lane, but not to the loss or from it: there are so many that the page shows only those
    of what is selected."""

    item: int
    to: int
    sources: list[int]
    readers: list[int]
    points: list[Point]
    waits: bool
    aside: bool


@dataclass
class _Position:
    """In which group an item is, and on which row."""

    group: int
    row: int


class Router:
    """Finds lines for one arrangement."""

    def __init__(self, view: View, arrangement: Arrangement) -> None:
        self.view, self.arrangement = view, arrangement
        self.total = len(view.operations)
        self.at = {
            item: _Position(number, row)
            for number, group in enumerate(arrangement.groups)
            for row, items in enumerate(group.rows)
            for item in items
            if item >= 0
        }
        self.upwards = upwards(arrangement)
        self.numbers = {operation.name: i for i, operation in enumerate(view.operations)}

    def chain(self, item: int) -> list[int]:
        """The item and the groups around it, as items, from the inside out."""
        found = [item]
        while found[-1] in self.at:
            found.append(self.total + self.at[found[-1]].group)
        return found

    def lines(self, placement: Placement) -> list[Line]:
        """One for each pair of visible items that a value connects."""
        found: dict[tuple[int, int], Line] = {}
        for reader, operation in enumerate(self.view.operations):
            reads = dict.fromkeys(name for name, _ in operation.reads)
            for name in [*reads, *(name for name in operation.after if name not in reads)]:
                source = self.numbers[name]
                a, b = (self.visible(one, placement) for one in (source, reader))
                if a == b:
                    continue
                line = found.get((a, b))
                if line is None:
                    points = self.route(source, a, b, placement)
                    line = found[a, b] = Line(a, b, [], [], points, True, self._aside(a, b))
                line.sources.append(source)
                line.readers.append(reader)
                line.waits &= name not in reads
        return list(found.values())

    def _aside(self, a: int, b: int) -> bool:
        ours, theirs = self.chain(a)[-1], self.chain(b)[-1]
        loss = self.total + self.arrangement.lanes.get("loss", -1)
        return ours != theirs and loss not in (ours, theirs)

    def visible(self, operation: int, placement: Placement) -> int:
        """The operation, or the folded group that hides it."""
        return next(item for item in self.chain(operation) if item in placement.boxes)

    def route(self, source: int, a: int, b: int, placement: Placement) -> list[Point]:
        """From the lower edge of one item, through the slots of its value, to the upper edge of the
        other; the other way round where the lane runs upwards."""
        ours, theirs = self.chain(a), self.chain(b)
        around = set(ours)
        meet = next((item for item in theirs if item in around), None)
        i = len(ours) if meet is None else ours.index(meet)
        j = len(theirs) if meet is None else theirs.index(meet)
        spans: list[tuple[int, int, int | None]] = [
            (group, self.at[item].row + 1, None) for item, group in pairwise(ours[:i])
        ]
        if meet is not None:
            spans.append((meet, self.at[ours[i - 1]].row + 1, self.at[theirs[j - 1]].row))
        spans += [(group, 0, self.at[item].row) for item, group in pairwise(theirs[:j])][::-1]
        ways = [
            point
            for group, start, stop in spans
            for point in self._points(placement, group - self.total, start, stop, source)
        ]
        first, last = self._end(a, placement, leaving=True), self._end(b, placement, leaving=False)
        return [first, *ways, last]

    def _points(
        self, placement: Placement, group: int, start: int, stop: int | None, source: int
    ) -> Iterator[Point]:
        for row, point in placement.slots.get((group, source), ()):
            if start <= row and (stop is None or row < stop):
                yield point

    def _end(self, item: int, placement: Placement, *, leaving: bool) -> Point:
        box = placement.boxes[item]
        lower = leaving != (self._owner(item) in self.upwards)
        return box.x + box.width / 2, box.y + (box.height if lower else 0.0)

    def _owner(self, item: int) -> int:
        return self.at[item].group if item in self.at else item - self.total


def path(points: Sequence[Point]) -> str:
    """As the ``d`` of an SVG path: curves that leave and arrive upright."""
    text = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (y + to_y) / 2
        text += f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}"
    return text
