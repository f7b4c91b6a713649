"""Random networks over all ops: several inputs and outputs, open sizes, shared layers, modules.

Which forms (see `random_forms`) fit which values is what the ops themselves say.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from math import prod
from random import Random
from typing import TypeVar

from hypothesis import strategies as st
from random_forms import ACTIVATIONS, FAMILIES, INPUTS, LAYERS, SPATIAL, Chain, Form

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Op, ShapeError, TensorType
from isograd.ir.ops.base import Shape
from isograd.ir.sizes import evaluate, symbols

MOST_ELEMENTS = 1200
"""Of one value, where every open size is 3."""

MOST_AXES = 5

RECENT = 4
"""How many of the last values the next op chooses from."""

T = TypeVar("T")


def _operands(op: Op) -> tuple[int, ...]:
    """How many operands the op is given."""
    if isinstance(op.arity, tuple):
        return tuple(range(op.arity[0], op.arity[1] + 1))
    return (2,) if op.arity is None else (op.arity,)


@cache
def result_of(form: Form, kinds: tuple[TensorType, ...]) -> TensorType | None:
    """The type of the result, or None where the form does not fit, or its result is too large."""
    try:
        guards = itertools.zip_longest(form.guards[: len(kinds)], kinds, fillvalue=())
        guarded = [_through(guard, kind) for guard, kind in guards]
        if isinstance(form.op, ops.Take | ops.TakeAlongAxis):
            ops.Slice(form.op.axis, 1).infer(kinds[0])  # `INDEX` asks for two places
        padded = isinstance(form.op, ops.Pad) and form.op.mode != "constant"
        if padded or isinstance(form.op, ops.Resize):
            ops.AdaptiveAvgPool((1, 1)).infer(kinds[0])  # known sizes only
        form.op.check_arity(len(kinds))
        result = form.op.infer(*guarded)
        if isinstance(form.op, ops.Variance):
            sizes = _sizes(kinds[0].shape)
            if prod(sizes[axis] for axis in form.op.axes) <= form.op.correction:
                return None  # not a number
        form.op.parameters(*guarded)
    except ShapeError:
        return None
    sizes = _sizes(result.shape)
    fits = min(sizes, default=1) > 0 and prod(sizes) <= MOST_ELEMENTS and result.rank <= MOST_AXES
    return result if fits else None


def _sizes(shape: Shape) -> list[int]:
    """What they are where every open size is 3."""
    return [evaluate(size, dict.fromkeys(symbols(size), 3)) for size in shape]


def _through(chain: Chain, kind: TensorType) -> TensorType:
    for op in chain:
        kind = op.infer(kind)
    return kind


@dataclass
class _Network:
    """A network that grows; ``random`` makes every choice."""

    random: Random
    builder: Builder = field(default_factory=lambda: Builder("random"))
    kinds: dict[str, TensorType] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    layers: list[tuple[Form, str, tuple[TensorType, ...]]] = field(default_factory=list)
    constants: set[str] = field(default_factory=set)
    path: tuple[str, ...] = ()

    def choose(self, items: Iterable[T]) -> T:
        return self.random.choice(list(items))

    def input(self, kind: TensorType) -> None:
        name = f"x{len(self.kinds)}"
        self.kinds[self.builder.input(name, kind.shape, kind.dtype)] = kind

    def apply(self) -> None:
        """One more op of some family, where one fits."""
        by_op: dict[type[Op], list[tuple[Form, tuple[str, ...]]]] = {}
        for form, names in self._fitting(FAMILIES[self.choose(FAMILIES)]):
            by_op.setdefault(type(form.op), []).append((form, names))
        if by_op:
            self.add(*self.choose(self.choose(by_op.values())))

    def share(self) -> None:
        """A layer again, on another value of its kinds."""
        uses = [
            (form, names, scope)
            for form, scope, kinds in self.layers
            for names in self._recent(len(kinds))
            if tuple(self.kinds[name] for name in names) == kinds
            and not self.constants.issuperset(names)
        ]
        if uses:
            self.add(*self.choose(uses))

    def enter(self) -> None:
        self.path = (*self.path, f"part{len(self.modules)}")
        self.modules[".".join(self.path)] = self.choose(("Block", "Stage"))

    def leave(self) -> None:
        self.path = self.path[:-1]

    def repeat(self) -> None:
        """Some ops, twice, in two modules of one class."""
        (name,) = self.choose(self._recent(1))
        if name in self.constants:
            return
        keeping = [
            form
            for family in (ACTIVATIONS, SPATIAL, LAYERS)
            for form in family
            if len(form.guards) < 2 and result_of(form, (self.kinds[name],)) == self.kinds[name]
        ]
        if not keeping:
            return
        forms = self.random.choices(keeping, k=self.random.randint(1, 3))
        outside, number = self.path, len(self.modules)
        for _ in range(2):
            self.path = (*outside, f"block{len(self.modules)}")
            self.modules[".".join(self.path)] = f"Repeated{number}"
            for index, form in enumerate(forms):
                name = self.add(form, (name,), ".".join((*self.path, f"step{index}")))
        self.path = outside

    def add(self, form: Form, names: tuple[str, ...], scope: str = "") -> str:
        kinds = tuple(self.kinds[name] for name in names)
        guards = itertools.zip_longest(form.guards[: len(names)], names, fillvalue=())
        operands = [self._guard(guard, name) for guard, name in guards]
        scope = scope or ".".join((*self.path, f"op{len(self.kinds)}"))
        owner = any(other == scope for _, other, _ in self.layers)
        name = self.builder(form.op, *operands, scope=scope)
        result = result_of(form, kinds)
        assert result is not None
        self.kinds[name] = result
        if not names and not isinstance(form.op, ops.Parameter):
            self.constants.add(name)
        if names and not owner:
            self.layers.append((form, scope, kinds))
        return name

    def finish(self, batched: bool) -> Graph:
        """Outputs are among the last values; what is no floating-point number becomes one."""
        last = [n for n, k in self.kinds.items() if not batched or k.shape[:1] == ("N",)]
        recent = last[-2:] if self.random.random() < 0.3 else last[-1:]
        floats = [
            name if self.kinds[name].dtype == "float" else self.builder(ops.Cast("float"), name)
            for name in recent
        ]
        return replace(self.builder.finish(*floats), modules=self.modules)

    def _guard(self, guard: Chain, name: str) -> str:
        for op in guard:
            name = self.builder(op, name, scope=".".join((*self.path, "guard")))
        return name

    def _recent(self, count: int) -> Iterator[tuple[str, ...]]:
        return itertools.product(list(self.kinds)[-RECENT:], repeat=count)

    def _fitting(self, family: tuple[Form, ...]) -> Iterator[tuple[Form, tuple[str, ...]]]:
        for form in family:
            for names in (n for count in _operands(form.op) for n in self._recent(count)):
                kinds = tuple(self.kinds[name] for name in names)
                alike = form.distinct and len(set(names)) == 1
                constant = names and self.constants.issuperset(names)
                if not alike and not constant and result_of(form, kinds) is not None:
                    yield form, names


STEPS = (*(_Network.apply,) * 6, _Network.share, _Network.enter, _Network.leave, _Network.repeat)


def random_network(seed: int, steps: Iterable[int], batched: bool = False) -> Graph:
    """The network of some ``steps``: each makes its own choices, with ``seed``, so that a failing
    network shrinks by leaving steps out. Where it is ``batched``, every output has an entry for
    each example, as every input has.
    """
    network = _Network(Random(seed))
    for _ in range(network.choose((1, 1, 2, 3))):
        network.input(network.choose(INPUTS))
    for step in sorted(steps):
        network.random.seed(f"{seed} {step}")
        network.choose(STEPS)(network)
    return network.finish(batched)


ROUNDED = (ops.Sign, ops.Floor, ops.Ceil, ops.Round, ops.FloorDivide)
"""Their values are often equal, whatever is done to the inputs in the last place."""

SPREADING = (ops.BatchNorm, ops.LayerNorm, ops.GroupNorm, ops.RMSNorm, ops.Variance)
"""Where all values are equal, these show how their mean was rounded, and nothing else."""

MIXING = (ops.Linear, ops.Conv, ops.ConvTranspose, ops.MatMul)


def shows_rounding_only(graph: Graph) -> bool:
    """Whether something spreads values that were rounded to few: one in three or so of its means
    are of equal values, and no disturbance of the inputs tells how those are rounded."""
    rounded: set[str] = set()
    for node in graph.nodes:
        if isinstance(node.op, SPREADING) and node.inputs[0] in rounded:
            return True
        kept = node.inputs and rounded.issuperset(node.inputs) and not isinstance(node.op, MIXING)
        if kept or isinstance(node.op, ROUNDED):
            rounded.add(node.name)
    return False


def networks(most: int = 12, batched: bool = False) -> st.SearchStrategy[Graph]:
    """Networks of up to ``most`` steps whose results can be told from rounding."""
    steps = st.lists(st.integers(0, most - 1), min_size=most // 3, unique=True)
    found = st.builds(random_network, st.integers(0, 2**20), steps, st.just(batched))
    return found.filter(lambda graph: not shows_rounding_only(graph))
