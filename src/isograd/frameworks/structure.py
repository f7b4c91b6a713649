"""The module structure of a network: which nodes an emitted class of their own would hold.

A module of the user's becomes a class if its nodes follow one another, so that one call makes them
all; containers and modules that are called several times become part of what is around them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isograd.ir.graph import Graph, Node
from isograd.ir.sizes import divide, is_canonical, symbols

CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict", "Functional"})
"""Classes of modules that only hold others."""


@dataclass(frozen=True)
class Unit:
    """A class of the emitted source: its nodes and the units in it, in order; the values that it
    takes, in the order of their first use, and those that it hands out. ``path`` is the module's,
    empty for the whole network.
    """

    path: str
    parts: tuple[Node | Unit, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def nodes(self) -> Iterator[Node]:
        """All nodes, those of inner units included."""
        for part in self.parts:
            if isinstance(part, Unit):
                yield from part.nodes()
            else:
                yield part


def divide_into_units(graph: Graph) -> Unit:
    """The whole network as a unit, with its modules as units in it."""
    kept = {
        path
        for path, name in graph.modules.items()
        if path and name not in CONTAINERS and sum(_within(n.scope, path) for n in graph.nodes) > 1
    }
    while True:
        structure = _Structure(graph, frozenset(kept))
        unfit = structure.unfit()
        if not unfit:
            return structure.unit("", list(graph.nodes), graph.outputs)
        kept -= unfit


def size_source(symbol: str, size: int | str) -> int | None:
    """The number by which ``size`` must be divided to get ``symbol``; None if it does not tell."""
    if isinstance(size, int) or symbols(size) != (symbol,):
        return None
    factor = divide(size, symbol)
    return factor if isinstance(factor, int) else None


class _Structure:
    """One attempt, with these modules as units."""

    def __init__(self, graph: Graph, kept: frozenset[str]) -> None:
        self.graph = graph
        self.kept = kept
        self.types = {**graph.inputs, **{node.name: node.type for node in graph.nodes}}
        self.readers = graph.consumers()
        self.owners = self._owners()

    def _owners(self) -> dict[str, str]:
        """Node to the innermost unit that it belongs to; a node that reads nothing (a parameter, a
        constant) belongs where it is read, a final state to its recurrence."""
        owners: dict[str, str] = {}
        scopes = {node.name: node.scope for node in self.graph.nodes}
        for node in reversed(self.graph.nodes):
            if node.op.behind:
                owners[node.name] = self._innermost(scopes[node.inputs[0]])
            elif node.inputs or not self.readers[node.name]:
                owners[node.name] = self._innermost(node.scope)
            else:
                around = [owners[reader.name] for reader in self.readers[node.name]]
                around += [""] if node.name in self.graph.outputs else []
                owners[node.name] = self._innermost(_common(around))
        return owners

    def _innermost(self, scope: str) -> str:
        parts = scope.split(".")
        paths = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((path for path in paths if path in self.kept), "")

    def unfit(self) -> set[str]:
        """Modules that cannot be units."""
        found = {path for path in self.kept if not self._contiguous(path)}
        found |= {path for path in self.kept if not self._hands_out(path)}
        found |= {path for path in self.kept if self._called_again(path)}
        for users in self._users().values():
            inside = {path: sum(_within(owner, path) for owner in users) for path in self.kept}
            found |= {path for path, count in inside.items() if 0 < count < len(users)}
        return found or {path for path in self.kept if not self._measurable(path)}

    def _contiguous(self, path: str) -> bool:
        flags = [_within(self.owners[node.name], path) for node in self.graph.nodes if node.inputs]
        first = flags.index(True) if True in flags else 0
        return sum(flags) > 1 and all(flags[first : first + sum(flags)])

    def _hands_out(self, path: str) -> bool:
        """Whether anything that the module makes is used outside of it."""
        made = {node.name for node in self.graph.nodes if _within(self.owners[node.name], path)}
        outside = (node for node in self.graph.nodes if node.name not in made)
        read = {name for node in outside for name in node.inputs}
        return not made.isdisjoint(read.union(self.graph.outputs))

    def _called_again(self, path: str) -> bool:
        """Whether the module is called several times: all its parameters are then used again."""
        counts = [
            len(users) for users in self._users().values() if all(_within(u, path) for u in users)
        ]
        return bool(counts) and min(counts) > 1

    def _users(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for node in self.graph.nodes:
            for name in node.parameters.values():
                users.setdefault(name, []).append(self.owners[node.name])
        return users

    def _measurable(self, path: str) -> bool:
        """Whether every symbolic size inside can be read off what comes in."""
        nodes = [n for n in self.graph.nodes if _within(self.owners[n.name], path)]
        made = {node.name for node in nodes}
        sizes = [
            size
            for node in nodes
            for name in node.inputs
            if name not in made
            for size in self.types[name].shape
        ]
        needed = {symbol for node in nodes for symbol in _symbols_of(node)}
        needed &= set(self._symbols())
        return all(any(size_source(symbol, size) for size in sizes) for symbol in needed)

    def _symbols(self) -> tuple[str, ...]:
        shapes = (kind.shape for kind in self.graph.inputs.values())
        return symbols(*(size for shape in shapes for size in shape))

    def unit(self, path: str, nodes: list[Node], outputs: tuple[str, ...]) -> Unit:
        """The unit of these nodes, which are in order."""
        groups: list[tuple[str, list[Node]]] = []
        for node in nodes:
            child = self._child(path, self.owners[node.name])
            if child and groups and groups[-1][0] == child:
                groups[-1][1].append(node)
            elif child and (known := [group for group in groups if group[0] == child]):
                known[0][1].append(node)  # a source that was made before its unit
            else:
                groups.append((child, [node]))
        parts = [self._part(child, group, outputs, nodes) for child, group in groups]
        made = {node.name for node in nodes}
        read = (name for node in nodes for name in node.inputs if name not in made)
        inputs = tuple(self.graph.inputs) if not path else tuple(dict.fromkeys(read))
        return Unit(path, tuple(_in_order(parts)), inputs, outputs)

    def _part(
        self, child: str, group: list[Node], outputs: tuple[str, ...], around: list[Node]
    ) -> Node | Unit:
        if not child:
            return group[0]
        made = [node.name for node in group]
        inside = set(made)
        read = {name for node in around if node.name not in inside for name in node.inputs}
        return self.unit(
            child, group, tuple(name for name in made if name in read or name in outputs)
        )

    def _child(self, path: str, owner: str) -> str:
        """The outermost unit inside ``path`` that holds ``owner``; empty if there is none."""
        candidates = [
            kept
            for kept in self.kept
            if _within(owner, kept) and kept != path and _within(kept, path)
        ]
        return min(candidates, key=len, default="")


def _in_order(parts: list[Node | Unit]) -> list[Node | Unit]:
    """Parts such that each comes after what it reads: sources move in front of their readers."""
    makers = {name: part for part in parts for name in _made(part)}
    done: list[Node | Unit] = []
    seen: set[int] = set()

    def place(part: Node | Unit) -> None:
        if id(part) in seen:
            return
        seen.add(id(part))
        for name in part.inputs:
            if name in makers:
                place(makers[name])
        done.append(part)

    for part in parts:
        if part.inputs:
            place(part)
    for part in parts:
        place(part)
    return done


def _made(part: Node | Unit) -> tuple[str, ...]:
    return part.outputs if isinstance(part, Unit) else (part.name,)


def _within(scope: str, path: str) -> bool:
    return not path or scope == path or scope.startswith(f"{path}.")


def _common(paths: list[str]) -> str:
    """The innermost unit that holds all of them."""
    first, *others = [path.split(".") if path else [] for path in paths]
    shared: list[str] = []
    for depth, name in enumerate(first):
        if any(other[depth : depth + 1] != [name] for other in others):
            break
        shared.append(name)
    return ".".join(shared)


def _symbols_of(node: Node) -> Iterator[str]:
    for size in node.type.shape:
        yield from symbols(size)
    for value in node.op.attributes().values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str) and is_canonical(item):
                yield from symbols(item)
