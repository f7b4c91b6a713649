"""Which groups hold the gradients of which, so that they can stand beside each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isograd.views.groups import Group
from isograd.views.view import View

Subject = tuple[str, str | None]
"""A module, or where there is none, a node."""


@dataclass
class Twins:
    """A forward group and the backward group with its gradients, equally deep. ``anchors`` pair a
    row of the one with the row of the other, counted from its end, that belong together."""

    forward: int
    backward: int
    anchors: list[tuple[int, int]]


def find_twins(view: View, groups: Sequence[Group], lanes: Mapping[str, int]) -> list[Twins]:
    """All of them, the lanes themselves first."""
    total = len(view.operations)
    found: list[Twins] = []
    waiting = [(lanes["forward"], lanes["backward"])]
    for ours, theirs in waiting:
        above = _subjects(view, groups[ours].rows, groups)
        below = _subjects(view, groups[theirs].rows[::-1], groups)
        shared = [subject for subject in above if subject in below]
        pairs = [(above[subject][0], below[subject][0]) for subject in shared]
        found.append(Twins(ours, theirs, rising(pairs)))
        for subject in shared:
            one, other = above[subject][1] - total, below[subject][1] - total
            if one >= 0 and other >= 0:
                waiting.append((one, other))
    return found


def rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """A longest part of the pairs in which both numbers rise."""
    tops: list[int] = []
    chain: list[int] = []
    known: list[tuple[tuple[int, int], int | None]] = []
    for pair in sorted(set(pairs), key=lambda pair: (pair[0], -pair[1])):
        place = bisect_left(tops, pair[1])
        known.append((pair, chain[place - 1] if place else None))
        tops[place : place + 1] = [pair[1]]
        chain[place : place + 1] = [len(known) - 1]
    found = []
    last = chain[-1] if chain else None
    while last is not None:
        pair, last = known[last]
        found.append(pair)
    return found[::-1]


def _subjects(
    view: View, rows: Sequence[Sequence[int]], groups: Sequence[Group]
) -> dict[Subject, tuple[int, int]]:
    """What each item is about, with its row; of several, the first."""
    found: dict[Subject, tuple[int, int]] = {}
    for number, row in enumerate(rows):
        for item in row:
            if item >= 0:
                found.setdefault(_subject(view, groups, item), (number, item))
    found.pop(("", None), None)
    return found


def _subject(view: View, groups: Sequence[Group], item: int) -> Subject:
    of = view.operations[item] if item < len(view.operations) else None
    about = of or groups[item - len(view.operations)]
    if isinstance(about, Group) and about.kind == "module":
        return about.scope, None
    return "", about.node
