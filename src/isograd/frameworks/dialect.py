"""What an emitter hands over, and what it is asked with: layers, sites, bodies, the dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from isograd.frameworks.classes import ClassBody
from isograd.frameworks.final_states import Unpacking
from isograd.frameworks.formatting import Source
from isograd.ir.graph import Node
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op
from isograd.ir.ops.base import Dim, TensorType
from isograd.ir.placement import Order, Placement


@dataclass(frozen=True)
class Layer:
    """A native layer: its constructor call, and for each role of the op's parameters the native
    name and the transform from the logical form to the framework's own.
    """

    constructor: Source
    parameters: Mapping[str, tuple[str, Transform]] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A node where it is written: its inputs' logical types and how they are held, and the names
    of the local variables that hold them. ``frozen`` names the roles of parameters that usually
    train but do not here. ``layer`` is the native layer, ``self.conv1``, if any; a node whose
    parameters belong to another node's layer has none, and reads them from ``borrowed``, role to
    source of the logical parameter. ``size`` writes a symbolic size. A constant that is ``inline``
    is written as a number. ``last`` marks a recurrence of which only the step that is made last is
    read, and what reads it; ``handing_out`` one whose layer hands out its final states, and
    ``apart`` a call of it that takes them.
    """

    node: Node
    types: tuple[TensorType, ...]
    placements: tuple[Placement, ...]
    result: Placement
    idiomatic: bool
    frozen: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    layer: str = ""
    borrowed: Mapping[str, Source] = field(default_factory=dict)
    size: Callable[[Dim], int | str] = lambda size: size
    inline: bool = False
    last: bool = False
    handing_out: bool = False
    apart: bool = False

    @property
    def x(self) -> str:
        """The first argument."""
        return self.arguments[0]

    def position(self, axis: int) -> int:
        """The physical position of a logical axis of the first input."""
        return self.placements[0].position(axis)

    def axis(self, axis: int) -> int:
        """Like `position`, with -1 for the last axis."""
        place = self.position(axis)
        return -1 if place == self.types[0].rank - 1 else place

    @property
    def target_shape(self) -> tuple[int | str, ...]:
        """The result's physical shape as source: the first size that is not known is -1, further
        ones are computed from the inputs' shapes.
        """
        want = [self.node.type.shape[axis] for axis in self.result.order]
        open_at = next((i for i, size in enumerate(want) if isinstance(size, str)), None)
        return tuple(-1 if i == open_at else self.size(size) for i, size in enumerate(want))


@dataclass(frozen=True)
class Body:
    """What a dialect frames: the classes, the network's own last, and how its inputs are held."""

    classes: tuple[ClassBody, ...]
    shapes: tuple[tuple[str, TensorType, Placement], ...]

    @property
    def network(self) -> ClassBody:
        return self.classes[-1]

    @property
    def text(self) -> str:
        """All that is called in it."""
        lines = [line for body in self.classes for line in body.forward]
        sources = [str(source) for body in self.classes for _, source in body.construction]
        return "\n".join((*sources, *lines))


@dataclass(frozen=True)
class Dialect:
    """A framework's way to write things.

    ``layers`` holds a function for each op with parameters or randomness, ``expressions`` one for
    each op. ``transpose`` writes an explicit transpose, ``split`` takes a value apart into so many
    equal pieces along a physical axis, ``freeze`` the lines behind a layer (given
    by its attribute) some of whose parameters do not train. ``frame`` makes the source file.
    ``reserved`` are the names that a network's class and its variables must not hide. ``size`` is
    the source of a value's size along a physical axis. ``borrow`` is the source of an op's result
    whose parameters are another layer's, ``restore`` that of a parameter's logical form, given its
    native one and the transform that made it so (None where it has no short form). ``invoke``
    calls an inner module, which may work differently in training. ``positional`` names what stands
    in calls without a name. ``unpack`` holds, for each recurrence, how its states are taken.
    ``shown``, if any, is what each node's value passes through, given its name and variable: every
    value is then computed, and as it stands in the graph.
    """

    name: str
    layers: Mapping[type[Op], Callable[[Site], Layer]]
    expressions: Mapping[type[Op], Callable[[Site], Source]]
    transpose: Callable[[str, Order], Source]
    split: Callable[[str, int, int], Source]
    freeze: Callable[[str, Layer, Site], tuple[str, ...]]
    frame: Callable[[Body], str]
    reserved: frozenset[str]
    size: Callable[[str, int], str]
    borrow: Mapping[type[Op], Callable[[Site], Source]]
    restore: Callable[[str, Transform], Source | None]
    invoke: Callable[[str, tuple[str, ...], bool], Source]
    positional: Mapping[str, tuple[str, ...]]
    unpack: Mapping[type[Op], Unpacking]
    shown: Callable[[str, str], Source] | None = None
