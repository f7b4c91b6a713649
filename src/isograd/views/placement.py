"""Where everything stands once it is known what is folded, in units of the drawing.

The page does the same in the browser, whenever something is folded or unfolded
(``graph-placement.js``); a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from isograd.views.arrangement import Arrangement
from isograd.views.groups import Group
from isograd.views.labels import Label

GAP, BETWEEN, INSIDE, HEAD, LANE_GAP, SLOT = 14, 30, 12, 24, 56, 4
"""Room between items of a row, between rows, inside the border of a group, for its title, between
lanes, and the width of a slot."""

SWEEPS = 4
"""How often the rows are gone through, to put items below what they are connected with."""


Point = tuple[float, float]


@dataclass
class Box:
    """Left, top, width and height of something that is visible."""

    x: float
    y: float
    width: float
    height: float


@dataclass
class Placement:
    """``boxes`` are the visible items by number, and ``opened`` those of them that show what is in
    them; ``slots`` the slots that the value of an operation has in a group, by (group, operation):
    each slot's row and its point."""

    boxes: dict[int, Box] = field(default_factory=dict)
    opened: set[int] = field(default_factory=set)
    slots: dict[tuple[int, int], list[tuple[int, Point]]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


@dataclass
class _Inner:
    """A group that is open: rows with the middle of each item, from the group's left."""

    width: float
    height: float
    middles: list[list[float]]
    tops: list[float]
    heights: list[float]


AT_FIRST = 60
"""So many items are visible at first, unless the only lane has more."""


def folded_at_first(arrangement: Arrangement, limit: int = AT_FIRST) -> list[int]:
    """The groups that are folded at first: level by level they are open while there is room. A lane
    that has more than that by itself is folded, unless it is the only one."""
    deep = depths(arrangement.groups)
    count = [sum(item >= 0 for row in group.rows for item in row) for group in arrangement.groups]
    lanes = arrangement.lanes.values()
    folded = {number for number in lanes if count[number] > limit and len(lanes) > 1}
    seen = 0
    for level in range(max(deep, default=-1) + 1):
        here = [number for number, depth in enumerate(deep) if depth == level]
        shut = {number for number in here if arrangement.groups[number].parent in folded}
        seen += sum(count[number] - 1 for number in here if number not in folded | shut)
        folded |= shut if seen <= limit or not level else set(here)
    return sorted(folded)


def depths(groups: Sequence[Group]) -> list[int]:
    """How many groups are around each."""
    found: list[int] = []
    for group in groups:
        found.append(0 if group.parent is None else found[group.parent] + 1)
    return found


def place(arrangement: Arrangement, labels: Sequence[Label], folded: Collection[int]) -> Placement:
    """Places all that is visible when these groups are folded."""
    work = _Placing(arrangement, labels, set(folded))
    work.measure_all()
    work.stand()
    return work.placement


class _Placing:
    def __init__(self, arrangement: Arrangement, labels: Sequence[Label], folded: set[int]) -> None:
        self.groups, self.lanes = arrangement.groups, arrangement.lanes
        self.twins, self.labels, self.folded = arrangement.twins, labels, folded
        self.total = len(labels) - len(self.groups)
        self.inner: dict[int, _Inner] = {}
        self.placement = Placement()
        self.upwards = upwards(arrangement)

    def size(self, item: int) -> tuple[float, float]:
        """Width and height of an item of a row."""
        if item < 0:
            return SLOT, 0
        opened = self.inner.get(item - self.total)
        if opened:
            return opened.width, opened.height
        return self.labels[item].width, self.labels[item].height

    def measure_all(self) -> None:
        """Measures the open groups, the innermost first; twins take the same height."""
        deep = depths(self.groups)
        for level in reversed(range(max(deep, default=-1) + 1)):
            for number in range(len(self.groups)):
                if deep[number] == level and number not in self.folded:
                    self.inner[number] = self.measure(number)
            for twins in self.twins:
                both = self.inner.get(twins.forward), self.inner.get(twins.backward)
                if deep[twins.forward] == level and both[0] and both[1]:
                    stretch(both[0], both[1], twins.anchors)

    def measure(self, number: int) -> _Inner:
        """The size of an open group, and where its items stand in it."""
        group = self.groups[number]
        sizes = [[self.size(item) for item in row] for row in group.rows]
        middles = middle(group, [[width for width, _ in row] for row in sizes])
        left = min(_edges(middles, sizes, -1), default=0.0)
        right = max(_edges(middles, sizes, 1), default=0.0)
        width = max(right - left + 2 * INSIDE, self.labels[self.total + number].width)
        shift = (width - (right - left)) / 2 - left
        heights = [max((height for _, height in row), default=0.0) for row in sizes]
        height = HEAD + sum(heights) + BETWEEN * (len(heights) - 1)
        moved = [[x + shift for x in row] for row in middles]
        return _Inner(width, height, moved, self.tops(number, heights), heights)

    def tops(self, number: int, heights: Sequence[float]) -> list[float]:
        """Where each row begins; from below where the group runs upwards."""
        rows = range(len(heights))
        tops, y = [0.0] * len(heights), float(HEAD)
        for row in reversed(rows) if number in self.upwards else rows:
            tops[row] = y
            y += heights[row] + BETWEEN
        return tops

    def stand(self) -> None:
        """Lanes beside each other, the loss below what runs forward and backward."""
        x, floor = 0.0, 0.0
        for lane in ("forward", "backward", "update", "other", "all"):
            if lane in self.lanes:
                width, height = self.put(self.total + self.lanes[lane], x, 0.0)
                x += width + LANE_GAP
                floor = max(floor, height if lane in ("forward", "backward") else 0.0)
        middle_of_both = [
            self.placement.boxes[self.total + self.lanes[lane]]
            for lane in ("forward", "backward")
            if lane in self.lanes
        ]
        if "loss" in self.lanes:
            item = self.total + self.lanes["loss"]
            right = max((box.x + box.width for box in middle_of_both), default=0.0)
            y = floor + BETWEEN if middle_of_both else 0.0
            self.put(item, max((right - self.size(item)[0]) / 2, 0.0) if right else x, y)
        boxes = self.placement.boxes.values()
        self.placement.width = max((box.x + box.width for box in boxes), default=0.0)
        self.placement.height = max((box.y + box.height for box in boxes), default=0.0)

    def put(self, item: int, x: float, y: float) -> tuple[float, float]:
        """Places an item and all within, its left top corner here."""
        width, height = self.size(item)
        self.placement.boxes[item] = Box(x, y, width, height)
        opened = self.inner.get(item - self.total)
        if opened:
            self.placement.opened.add(item)
            self._fill(item - self.total, opened, x, y)
        return width, height

    def _fill(self, number: int, opened: _Inner, x: float, y: float) -> None:
        for i, row in enumerate(self.groups[number].rows):
            for item, at in zip(row, opened.middles[i], strict=True):
                width, height = self.size(item)
                down = y + opened.tops[i] + (opened.heights[i] - height) / 2
                if item < 0:
                    slots = self.placement.slots.setdefault((number, -1 - item), [])
                    slots.append((i, (x + at, down)))
                else:
                    self.put(item, x + at - width / 2, down)


def upwards(arrangement: Arrangement) -> set[int]:
    """Groups that run from below to above: those of the backward lane, beside a forward one."""
    if not {"forward", "backward"} <= set(arrangement.lanes):
        return set()
    found = {arrangement.lanes["backward"]}
    for number, group in enumerate(arrangement.groups):
        if group.parent in found:
            found.add(number)
    return found


def stretch(forward: _Inner, backward: _Inner, anchors: Sequence[tuple[int, int]]) -> None:
    """Moves rows down until each pair of anchors begins at the same height."""
    last = len(backward.tops) - 1
    ours, theirs = list(range(len(forward.tops))), [last - i for i in range(last + 1)]
    a = b = 0
    down_a = down_b = 0.0
    for i, j in [*anchors, (len(ours), len(theirs))]:
        for row in ours[a:i]:
            forward.tops[row] += down_a
        for row in theirs[b:j]:
            backward.tops[row] += down_b
        a, b = i, j
        if i < len(ours) and j < len(theirs):
            apart = forward.tops[ours[i]] + down_a - backward.tops[theirs[j]] - down_b
            down_a, down_b = down_a + max(-apart, 0.0), down_b + max(apart, 0.0)
    forward.height = backward.height = max(forward.height + down_a, backward.height + down_b)


def middle(group: Group, widths: Sequence[Sequence[float]]) -> list[list[float]]:
    """The middle of each item, near those of its neighbours above and below in turn."""
    found = []
    for row in widths:
        found.append(settle([0.0] * len(row), row))
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for i in range(1, len(found)) if down else reversed(range(len(found) - 1)):
            beside = i - 1 if down else i + 1
            near: list[list[float]] = [[] for _ in found[i]]
            for above, below in group.links[min(i, beside)]:
                here, there = (below, above) if down else (above, below)
                near[here].append(found[beside][there])
            wanted = [
                sum(several) / len(several) if several else found[i][at]
                for at, several in enumerate(near)
            ]
            found[i] = settle(wanted, widths[i])
    return found


def settle(wanted: Sequence[float], widths: Sequence[float]) -> list[float]:
    """The middles nearest to those that are wanted (by least squares), of items in this order that
    do not overlap: pool adjacent violators."""
    offsets, at = [], -(sum(widths) + GAP * (len(widths) - 1)) / 2
    for width in widths:
        offsets.append(at + width / 2)
        at += width + GAP
    pools: list[list[float]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        pools.append([want - offset, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, count = pools.pop()
            pools[-1][0] = (pools[-1][0] * pools[-1][1] + mean * count) / (pools[-1][1] + count)
            pools[-1][1] += count
    means = [mean for mean, count in pools for _ in range(int(count))]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _edges(
    middles: Sequence[Sequence[float]], sizes: Sequence[Sequence[tuple[float, float]]], way: int
) -> Iterator[float]:
    for row, widths in zip(middles, sizes, strict=True):
        for x, (width, _) in zip(row, widths, strict=True):
            yield x + way * width / 2
