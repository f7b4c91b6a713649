"""The shortest way past a difference: from two values that are not made alike to the nearest ones
behind them that are.

Three ways are tried. One op stands in the place of the other. One side has ops in between that the
other side lacks. Or both make the value in their own way from the same layers or inputs. That way
is taken behind which most is alike, at the least expense.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from isograd.ir.forms import Forms
from isograd.ir.graph import Graph
from isograd.ir.ops import Dropout, Op

MOST_SKIPPED = 8
"""How many ops one side may have in between."""

LEFT_BEHIND = 3
"""What it costs to skip an op of two operands, and so to lose one of them."""

HORIZON = 16
"""How many values behind a pair are looked at to see how well it goes on."""

NEAR = 12
"""How many of them must have their like among those of the other side, which may lie further."""


NO_FORM = 10
"""What it costs to take a region with a dropout for another form of one without."""

Moved = Literal["", "operands", "axes"]
"""What lies in another order, if that is all that differs."""


@dataclass(frozen=True)
class Step:
    """How a pair of values is made: ``below`` are the pairs that it is made from, ``detail`` says
    what differs (empty: nothing). ``only`` names what only the reference and only the twin has;
    without it, one node corresponds to one node. ``attributes`` are the names of those in which two
    ops of one kind differ, if nothing else does; ``moved`` says that operands changed places, or
    that one op sees axes in another order.
    """

    below: tuple[tuple[str, str], ...]
    detail: str = ""
    only: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    attributes: tuple[str, ...] = ()
    moved: Moved = ""

    @property
    def is_one_node(self) -> bool:
        return not any(self.only)


class Detours:
    """The ways past differences between two graphs, and their forms."""

    def __init__(self, graphs: Sequence[Graph], sides: Sequence[Forms]) -> None:
        self.graphs, self.sides = graphs, sides
        self._known = [{form.signature for form in side.forms.values()} for side in sides]

    def step(self, a: str, b: str, inputs: Callable[[], tuple[tuple[str, str], ...]]) -> Step:
        """The best step from two roots that are not made alike; ``inputs`` pairs what they are made
        from, if they have as many."""
        ways = list(self._replaced(a, b, inputs))
        if ways and self._are_made_alike(a, b):
            return ways[0][1]
        ways += [*self._skipped(a, b), *self._rewritten(a, b)]
        if not ways:
            return Step((), self._contrast(a, b), attributes=self._attributes(a, b))
        return min(ways, key=lambda way: way[0] + self._unlike(way[1].below))[1]

    def near(self, side: int, root: str) -> list[str]:
        """The values behind a root, nearest first, as far as the horizon."""
        return list(islice(self._behind(side, root), HORIZON))

    def _behind(self, side: int, root: str) -> Iterator[str]:
        queue, seen = [root], {root}
        for name in queue:
            yield name
            fresh = [n for n in self.sides[side].forms[name].inputs if n not in seen]
            seen.update(fresh)
            queue += fresh

    # Ways -----------------------------------------------------------------------------------------

    def _replaced(
        self, a: str, b: str, inputs: Callable[[], tuple[tuple[str, str], ...]]
    ) -> Iterator[tuple[float, Step]]:
        """One op in the place of the other."""
        ours, theirs = self.sides[0].forms[a], self.sides[1].forms[b]
        if ours.inputs and len(ours.inputs) == len(theirs.inputs):
            names = self._attributes(a, b)
            moved: Moved = "axes" if self._are_of_one_layer(a, b) and not names else ""
            cost = 1.5 + NO_FORM * (self._is_drawn(0, a) != self._is_drawn(1, b))
            yield cost, Step(inputs(), self._contrast(a, b), attributes=names, moved=moved)

    def _skipped(self, a: str, b: str) -> Iterator[tuple[float, Step]]:
        """Ops that only one side has, or each has its own. A dropout may be missing in front of
        whatever."""
        if self._is_drawn(0, a) and not self._is_drawn(1, b):
            below = self.sides[0].forms[a].inputs[0]
            yield 1, Step(((below, b),), self._surplus((a,), ()), ((a,), ()))
        if self._is_drawn(1, b) and not self._is_drawn(0, a):
            below = self.sides[1].forms[b].inputs[0]
            yield 1, Step(((a, below),), self._surplus((), (b,)), ((), (b,)))
        for ours, one in self._chains(0, a):
            for theirs, other in self._chains(1, b):
                if (one or other) and self._are_made_alike(ours, theirs):
                    cost = self._cost(0, one) + self._cost(1, other) + self._mixed(one, other)
                    yield cost, Step(((ours, theirs),), self._surplus(one, other), (one, other))

    def _cost(self, side: int, chain: Sequence[str]) -> int:
        """One for each op, and more for each of its operands that is left behind."""
        return sum(1 + LEFT_BEHIND * (self._count(side, root) - 1) for root in chain)

    def _count(self, side: int, root: str) -> int:
        inputs = self.sides[side].forms[root].inputs
        return sum(not self._is_source(side, below) for below in inputs)

    def _rewritten(self, a: str, b: str) -> Iterator[tuple[float, Step]]:
        """The same layers or inputs, put together in another way."""
        (ours, one), (theirs, other) = self._frontier(0, a), self._frontier(1, b)
        alike = len(ours) == len(theirs) and all(map(self._are_made_alike, ours, theirs))
        if ours and alike and one and other:
            detail = f"{self._names(0, one)} against {self._names(1, other)}"
            yield (
                1 + 0.25 * (len(one) + len(other)) + self._mixed(one, other),
                Step(tuple(zip(ours, theirs, strict=True)), detail, (one, other)),
            )

    def _mixed(self, one: tuple[str, ...], other: tuple[str, ...]) -> int:
        """The expense of taking a dropout that only one side has together with other things."""
        draws = [sum(self._is_drawn(i, n) for n in names) for i, names in enumerate((one, other))]
        return NO_FORM if draws[0] != draws[1] and len(one) + len(other) > 1 else 0

    def _is_drawn(self, side: int, root: str) -> bool:
        return isinstance(self.sides[side].forms[root].op, Dropout)

    def _chains(self, side: int, root: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each value behind a root, with the nodes on the way to it."""
        queue: list[tuple[str, tuple[str, ...]]] = [(root, ())]
        seen = {root}
        for name, chain in queue:
            yield name, chain
            if len(chain) == MOST_SKIPPED:
                continue
            for below in self.sides[side].forms[name].inputs:
                if below not in seen and not self._is_source(side, below):
                    seen.add(below)
                    queue.append((below, (*chain, name)))

    def _frontier(self, side: int, root: str) -> tuple[list[str], tuple[str, ...]]:
        """The nearest layers, inputs and values that the other side makes alike, in the order in
        which they are used; and what is between."""
        found: dict[str, None] = {}
        between: dict[str, None] = {}
        stack = [root]
        while stack:
            name = stack.pop()
            if name != root and self._is_anchor(side, name):
                found[name] = None
            elif name not in between:
                between[name] = None
                stack += reversed(self.sides[side].forms[name].inputs)
        return list(found), tuple(n for n in between if self.sides[side].forms[n].op)

    def _is_anchor(self, side: int, root: str) -> bool:
        form = self.sides[side].forms[root]
        if self._is_source(side, root):
            return False
        return not form.op or bool(form.parameters) or form.signature in self._known[1 - side]

    def _is_source(self, side: int, root: str) -> bool:
        """Whether a value is made from nothing: a constant or a parameter by itself."""
        form = self.sides[side].forms[root]
        return form.op is not None and not form.inputs

    # Likeness -------------------------------------------------------------------------------------

    def _are_made_alike(self, a: str, b: str) -> bool:
        """Whether two roots are inputs both, or made by one kind of op whose first parameters have
        one shape: a bias may be there or not."""
        return self._layer(0, a) == self._layer(1, b)

    def _layer(self, side: int, root: str) -> tuple[str, tuple[int, ...]] | None:
        form = self.sides[side].forms[root]
        if form.op is None:
            return None
        known = self.sides[side].parameters
        first = next(iter(form.parameters.values()), "")
        return type(form.op).__name__, known[first] if first else ()

    def _are_of_one_layer(self, a: str, b: str) -> bool:
        """Whether two roots are made by one op with parameters of the same shapes."""
        ours, theirs = self.sides[0].forms[a], self.sides[1].forms[b]
        shapes = [
            [self.graphs[side].parameters[name].shape for name in form.parameters.values()]
            for side, form in enumerate((ours, theirs))
        ]
        return ours.op == theirs.op and shapes[0] == shapes[1]

    def _unlike(self, pairs: Sequence[tuple[str, str]]) -> float:
        """How much of what is behind the pairs is not alike: above all how many layers have no
        like, whatever their order, and in second place what is not alike pair by pair."""
        return sum(self._unmatched(a, b) for a, b in pairs) + 0.1 * self._unequal(pairs)

    def _unmatched(self, a: str, b: str) -> int:
        if self.sides[0].forms[a].signature == self.sides[1].forms[b].signature:
            return 0
        ours, theirs = (
            [self._layer(side, name) for name in self.near(side, root)]
            for side, root in enumerate((a, b))
        )
        return sum(
            (Counter(one[:NEAR]) - Counter(other)).total()
            for one, other in ((ours, theirs), (theirs, ours))
        )

    def _unequal(self, pairs: Sequence[tuple[str, str]]) -> int:
        wrong, left, seen = 0, list(pairs), set(pairs)
        for a, b in left:
            ours, theirs = self.sides[0].forms[a], self.sides[1].forms[b]
            if ours.signature == theirs.signature:
                continue
            wrong += ours.text != theirs.text
            fresh = [p for p in zip(ours.inputs, theirs.inputs, strict=False) if p not in seen]
            seen.update(fresh)
            left += fresh[: max(0, HORIZON - len(left))]
        return wrong

    # Words ----------------------------------------------------------------------------------------

    def _surplus(self, one: tuple[str, ...], other: tuple[str, ...]) -> str:
        if one and other:
            return f"{self._names(0, one)} against {self._names(1, other)}"
        side, roots = ("reference", one) if one else ("twin", other)
        return f"{self._names(0 if one else 1, roots)} is in the {side} only"

    def _names(self, side: int, roots: tuple[str, ...]) -> str:
        return ", ".join(str(self.sides[side].forms[root].op) for root in roots)

    def _contrast(self, a: str, b: str) -> str:
        """The attributes in which two ops of one kind differ, or the two forms."""
        ours, theirs = self.sides[0].forms[a], self.sides[1].forms[b]
        if ours.op is None or theirs.op is None:
            return "an input against a computed value"
        names = self._attributes(a, b)
        if not names:
            return f"{ours.text} against {theirs.text}"
        return contrast(ours.op, theirs.op, names)

    def _attributes(self, a: str, b: str) -> tuple[str, ...]:
        ours, theirs = self.sides[0].forms[a], self.sides[1].forms[b]
        if ours.op is None or type(ours.op) is not type(theirs.op) or ours.order != theirs.order:
            return ()
        one, other = ours.op.attributes(), theirs.op.attributes()
        return tuple(name for name in one if one[name] != other[name])


def contrast(ours: Op, theirs: Op, names: Sequence[str]) -> str:
    """``BatchNorm: eps=1e-05 against eps=0.001``."""
    words = (", ".join(f"{n}={getattr(op, n)!r}" for n in names) for op in (ours, theirs))
    return f"{type(ours).__name__}: {' against '.join(words)}"
