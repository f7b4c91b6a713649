"""A group of operations, with the order of all that is in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from isograd.views.tree import Kind


@dataclass
class Group:
    """Some operations in one box. ``parent`` is the group around it.

    ``rows`` hold items from first to last: an operation's index, a group's index plus the number
    of operations, or, below zero, a slot for the value of operation ``-1 - item``. The first and
    the last row are the slots of values that come in and that go out. ``links`` are the pairs of
    positions, in a row and in the next one, that a value connects.
    """

    title: str
    kind: Kind
    scope: str
    node: str | None
    parent: int | None
    operations: int
    rows: list[list[int]] = field(default_factory=list)
    links: list[list[tuple[int, int]]] = field(default_factory=list)
