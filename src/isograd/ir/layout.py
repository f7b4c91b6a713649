"""Which values are channels-last: the physical layout of a graph in a framework that prefers that.

The IR is logical: an image is [N, C, H, W]. `assign` decides for each value in which order its axes
really lie, so that spatial ops get channels-last images, and pushes what follows from it into the
parameters: a Linear behind a Flatten gets a permuted weight, not a permuted activation. A transpose
is left only where two neighbours truly want different orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

from isograd.ir.graph import Graph, Node
from isograd.ir.mapping import Permute, Reorder, Transform
from isograd.ir.ops import (
    Abs,
    Add,
    AddScalar,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Divide,
    Dropout,
    Exp,
    Flatten,
    GELU,
    GlobalAvgPool,
    GlobalMaxPool,
    GroupNorm,
    HardSigmoid,
    HardSwish,
    LayerNorm,
    LeakyReLU,
    Linear,
    Log,
    LogSoftmax,
    Maximum,
    MaxPool,
    Mean,
    Minimum,
    Multiply,
    MultiplyScalar,
    Negative,
    Op,
    PowerScalar,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Sqrt,
    Square,
    Subtract,
    Sum,
    Tanh,
    Transpose,
)
from isograd.ir.ops.base import normalize_axis

SPATIAL = (Conv, MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, GroupNorm, BatchNorm)
"""Ops that want channels-last images (from three dimensions on)."""

POINTWISE = (
    *(Abs, AddScalar, Dropout, Exp, GELU, HardSigmoid, HardSwish, LeakyReLU, Log),
    *(MultiplyScalar, Negative, PowerScalar, ReLU, Sigmoid, SiLU, Sqrt, Square, Tanh),
)
"""Ops with one input that treat every element alike: any layout will do."""

BROADCAST = (Add, Subtract, Multiply, Divide, Maximum, Minimum)
"""Ops with two inputs that meet element by element."""


@dataclass(frozen=True)
class ValueLayout:
    """How a value lies in memory: axis ``i`` holds the logical axis ``order[i]``.

    ``block`` tells that the last axis is a flattened block in another order than the logical one;
    ``order`` is then the identity.
    """

    order: tuple[int, ...]
    block: Reorder | None = None

    @property
    def logical(self) -> bool:
        """Whether the value lies as the IR sees it."""
        return self.block is None and self.order == tuple(range(len(self.order)))

    @property
    def transform(self) -> Transform:
        """From the logical value to the one in memory."""
        if self.block:
            return Transform((self.block,))
        return Transform(() if self.logical else (Permute(self.order),))

    def axis(self, logical: int) -> int:
        """Where a logical axis (counted from either end) lies."""
        return self.order.index(normalize_axis(logical, len(self.order)))

    def axes_to(self, other: ValueLayout) -> tuple[int, ...]:
        """The transpose that turns this layout into ``other``."""
        return tuple(self.order.index(axis) for axis in other.order)


@dataclass(frozen=True)
class Layout:
    """The layout of each value; for each node the layouts its inputs must have; and the transform
    that each parameter undergoes because of them (before any of the framework's own).
    """

    values: Mapping[str, ValueLayout]
    required: Mapping[str, tuple[ValueLayout, ...]]
    parameters: Mapping[str, Transform]


@dataclass(frozen=True)
class Choice:
    """What one op makes of its inputs' layouts."""

    required: tuple[ValueLayout, ...]
    result: ValueLayout
    parameters: Mapping[str, Transform]


def plain(rank: int) -> ValueLayout:
    """The logical layout."""
    return ValueLayout(tuple(range(rank)))


def channels_last(rank: int) -> ValueLayout:
    """[N, C, *spatial] as [N, *spatial, C]; plain below three dimensions."""
    return ValueLayout((0, *range(2, rank), 1)) if rank > 2 else plain(rank)


def assign(graph: Graph) -> Layout:
    """Decides the layout of every value of the graph."""
    values = {
        name: channels_last(kind.rank) if _feeds_spatial(graph, name) else plain(kind.rank)
        for name, kind in graph.inputs.items()
    }
    required: dict[str, tuple[ValueLayout, ...]] = {}
    parameters: dict[str, Transform] = {name: Transform() for name in graph.parameters}
    for node in graph.nodes:
        found = choose(node.op, graph, node, tuple(values[name] for name in node.inputs))
        values[node.name], required[node.name] = found.result, found.required
        parameters |= {node.parameters[role]: t for role, t in found.parameters.items()}
    return Layout(values, required, parameters)


@singledispatch
def choose(op: Op, graph: Graph, node: Node, given: tuple[ValueLayout, ...]) -> Choice:
    """One op's choice. What is not known better gets and gives logical values."""
    return _all(plain, graph, node)


def _all(layout: type[ValueLayout] | object, graph: Graph, node: Node) -> Choice:
    ranks = [graph.type_of(name).rank for name in node.inputs]
    make = channels_last if layout is channels_last else plain
    return Choice(tuple(make(rank) for rank in ranks), make(node.type.rank), {})


def _keep(*_: object) -> None: ...
