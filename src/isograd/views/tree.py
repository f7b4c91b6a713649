"""The tree of modules, or of kernels, that the operations of a view are leaves of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from isograd.views.view import Operation, View

Kind = Literal["lane", "module", "node", "kernel", "inputs"]
"""What makes a group: that it is a lane, a module, a node of the network, a kernel, or that one
operation reads all of it and nothing else does."""

Edge = tuple[int, int]
"""Who makes a value and who reads it, by index."""

LANES = ("forward", "loss", "backward", "update", "other", "all")
"""The outermost groups; inputs stand with what reads them first. ``all`` is the only one where
kernels are the groups, which may span the others."""

MANY, MANY_TO_UPDATE = 10, 3
"""So many inputs of one operation alone are a group; there is an update for each parameter."""

INPUTS = {"input", "placeholder", "tensor", "_arg"}
"""Kinds of what a network is called with."""

DEEPEST = 30
"""Modules within modules; what is deeper is one level."""


@dataclass
class Branch:
    """A group: operations of its own, and groups within."""

    title: str
    kind: Kind
    scope: str = ""
    node: str | None = None
    operations: list[int] = field(default_factory=list)
    branches: dict[tuple[str, str], Branch] = field(default_factory=dict)

    def all(self) -> list[int]:
        """Every operation within."""
        if not self.branches:
            return self.operations
        inner = [i for branch in self.branches.values() for i in branch.all()]
        return self.operations + inner

    @property
    def first(self) -> int:
        """The first operation within."""
        return min(self.all())

    def put(self, path: Sequence[Branch], operation: int) -> None:
        """Adds an operation below the branches of a path, which are made where they are new."""
        here = self
        for step in path:
            here = here.branches.setdefault((step.kind, step.title), step)
        here.operations.append(operation)


def grow(view: View, edges: Sequence[Edge], by: Literal["module", "kernel"]) -> dict[str, Branch]:
    """A tree for each lane that has operations."""
    modules = by == "module"
    lanes = _lanes(view, edges) if modules else ["all"] * len(view.operations)
    paths = [(_module if modules else _kernel)(operation) for operation in view.operations]
    readers: dict[int, list[int]] = {}
    for source, reader in edges:
        if lanes[source] == lanes[reader]:
            readers.setdefault(source, []).append(reader)
    if modules:
        _settle(view, readers, lanes, paths)
    _gather(view, readers, lanes, paths)
    found = {lane: Branch(lane, "lane") for lane in LANES}
    for i, path in enumerate(paths):
        found[lanes[i]].put(path, i)
    return {lane: branch for lane, branch in found.items() if branch.operations or branch.branches}


def children(branch: Branch) -> list[Branch | int]:
    """What is in a branch, by first operation. A group of one is that one; groups that have nothing
    beside each other are one group."""
    members: list[Branch | int] = [*branch.operations, *map(_plain, branch.branches.values())]
    return sorted(members, key=lambda member: member if isinstance(member, int) else member.first)


def split(branch: Branch, edges: Sequence[Edge], nodes: Sequence[str | None]) -> list[Branch | int]:
    """A branch as the parts of it that are connected, the first with its title. Operations of one
    of the ``nodes`` stay together."""
    root = {i: i for i in branch.all()}
    first: dict[str | None, int] = {}
    same = [(first.setdefault(nodes[i], i), i) for i in root if nodes[i] is not None]

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in [*edges, *same]:
        if a in root and b in root:
            root[find(b)] = find(a)
    parts: dict[int, Branch] = {}
    for path, operation in _leaves(branch, []):
        number = find(operation)
        if number not in parts:
            title = f"{branch.title} ({len(parts) + 1})" if parts else branch.title
            parts[number] = Branch(title, branch.kind, branch.scope, branch.node)
        parts[number].put([_bare(step) for step in path], operation)
    return [_plain(part) for part in parts.values()]


def _leaves(branch: Branch, path: list[Branch]) -> list[tuple[list[Branch], int]]:
    found = [(path, operation) for operation in branch.operations]
    for inner in branch.branches.values():
        found += _leaves(inner, [*path, inner])
    return sorted(found, key=lambda leaf: leaf[1])


def _bare(branch: Branch) -> Branch:
    return Branch(branch.title, branch.kind, branch.scope, branch.node)


def _plain(branch: Branch) -> Branch | int:
    while not branch.operations and len(branch.branches) == 1:
        (inner,) = branch.branches.values()
        title = branch.title if inner.kind == "node" else f"{branch.title}.{inner.title}"
        kind = "module" if inner.kind == "node" else inner.kind
        branch = Branch(title, kind, inner.scope, inner.node, inner.operations, inner.branches)
    if len(branch.operations) == 1 and not branch.branches:
        return branch.operations[0]
    return branch


def _lanes(view: View, edges: Sequence[Edge]) -> list[str]:
    """The lane of each operation: its phase; of an input, that of what reads it first. A kernel
    that does something for the gradients while the network runs forward stands where it runs."""
    lanes = [operation.phase if operation.phase != "input" else "" for operation in view.operations]
    readers: dict[int, list[int]] = {}
    for source, reader in edges:
        readers.setdefault(source, []).append(reader)
    for i in reversed(range(len(lanes))):
        read = {lanes[reader] for reader in readers.get(i, ()) if lanes[reader]}
        if not lanes[i]:
            lanes[i] = min(read, key=LANES.index, default="forward")
        elif lanes[i] == "backward" and "forward" in read:
            lanes[i] = "forward"
    return lanes


def _settle(
    view: View, readers: dict[int, list[int]], lanes: Sequence[str], paths: list[list[Branch]]
) -> None:
    """Parameters and constants belong to the module that all of their readers are in. What the
    network is called with stands before it."""
    for i, operation in reversed(list(enumerate(view.operations))):
        outside = operation.kind.lower() in INPUTS and lanes[i] == "forward"
        if operation.phase == "input" and not paths[i] and not outside and i in readers:
            paths[i] = _shared([paths[reader] for reader in readers[i]])


def _gather(
    view: View, readers: dict[int, list[int]], lanes: Sequence[str], paths: list[list[Branch]]
) -> None:
    """Many inputs of a single operation are a group beside it."""
    only: dict[int, list[int]] = {}
    for i, operation in enumerate(view.operations):
        if operation.phase == "input" and not operation.reads and len(readers.get(i, ())) == 1:
            only.setdefault(readers[i][0], []).append(i)
    for reader, inputs in only.items():
        if len(inputs) >= (MANY_TO_UPDATE if lanes[reader] == "update" else MANY):
            title = f"inputs of {view.operations[reader].name}"
            for i in inputs:
                paths[i] = [*map(_bare, paths[reader]), Branch(title, "inputs")]


def _shared(paths: Sequence[Sequence[Branch]]) -> list[Branch]:
    """The beginning that all of them have."""
    steps = zip(*paths, strict=False)
    same = takewhile(lambda step: len({(one.kind, one.title) for one in step}) == 1, steps)
    return [_bare(step[0]) for step in same]


def _module(operation: Operation) -> list[Branch]:
    names = operation.scope.split(".") if operation.scope else []
    if len(names) > DEEPEST:
        names[DEEPEST - 1 :] = [".".join(names[DEEPEST - 1 :])]
    path = [
        Branch(name, "module", ".".join(names[: depth + 1])) for depth, name in enumerate(names)
    ]
    if operation.node is not None:
        path.append(Branch(operation.node, "node", operation.scope, operation.node))
    return path


def _kernel(operation: Operation) -> list[Branch]:
    return [Branch(operation.group, "kernel")] if operation.group else []
