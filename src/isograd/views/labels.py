"""What is written on operations and groups, and how much room that takes."""

from __future__ import annotations

from dataclasses import dataclass

from isograd.views.arrangement import Arrangement
from isograd.views.groups import Group
from isograd.views.view import Operation, View

CHARACTERS = 30
"""More than this of a name is cut."""

WIDE, NARROW = 7.0, 5.8
"""Units that a character of the first line takes, and one of the second (monospaced, at 11.5 and
9.5 units)."""

OPERATION, INPUT, GROUP = 36, 24, 40
"""Heights: of an operation, of one that holds an input, and of a group that is folded."""

LANES = {
    "forward": "Forward",
    "loss": "Loss",
    "backward": "Backward",
    "update": "Update",
    "other": "Other",
    "all": "All operations",
}
"""What the lanes are called."""


@dataclass(frozen=True)
class Label:
    """Two lines, and the size of the box around them."""

    title: str
    detail: str
    width: int
    height: int


def operation_label(operation: Operation, alone: bool) -> Label:
    """Its kind, and what it is called: by its module or node where no box says that already."""
    owner = operation.scope or operation.node or ""
    detail = tail(owner if alone and owner else operation.name)
    title = head(operation.kind)
    if operation.phase == "input":
        return Label(detail, title, _width(detail, ""), INPUT)
    return Label(title, detail, _width(title, detail), OPERATION)


def group_label(group: Group) -> Label:
    """Its title, and the number of operations."""
    title = tail(LANES[group.title] if group.kind == "lane" else group.title)
    detail = f"{group.operations:,} ops" if group.operations > 1 else "1 op"
    return Label(title, detail, _width(title, detail) + 14, GROUP)


def labels(view: View, arrangement: Arrangement) -> list[Label]:
    """The labels of all items: operations, then groups."""
    total = len(view.operations)
    boxed = {
        item
        for group in arrangement.groups
        if group.kind in ("module", "node")
        for row in group.rows
        for item in row
        if 0 <= item < total and view.operations[item].scope == group.scope
    }
    return [
        *(operation_label(one, i not in boxed) for i, one in enumerate(view.operations)),
        *map(group_label, arrangement.groups),
    ]


def head(text: str) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"


def tail(text: str) -> str:
    """The end of a text that is too long."""
    return text if len(text) <= CHARACTERS else "…" + text[1 - CHARACTERS :]


def _width(title: str, detail: str) -> int:
    return round(max(WIDE * len(title), NARROW * len(detail), 40) + 18)
