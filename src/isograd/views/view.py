"""A graph as a framework has it, in one form for all frameworks and stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Literal

Phase = Literal["input", "forward", "loss", "backward", "update", "other"]
"""What an operation is there for: it holds what comes from outside (inputs, parameters), or is part
of the network, of the loss, of the gradients, of the optimizer's step, or of none of these."""

Kind = Literal["break", "recompile", "retrace", "branch", "loop", "constant", "refused", "change"]
"""What became visible: a graph break; a second compilation or tracing, with its reason; a choice
that Python made while it recorded; a loop or branch that is in the graph; a value of Python's that
was baked in; code that a capture refuses; or a graph that is another one at the next call."""

SIZES = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "float16": 2, "bfloat16": 2}
SIZES |= {"int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8}
SIZES |= {"complex64": 8, "complex128": 16}
"""Bytes of one element."""


@dataclass(frozen=True)
class Value:
    """What flows along an edge. A size that is open is None; ``shape`` is None where the framework
    does not say it. ``dtype`` is NumPy's name (``float32``, ``bfloat16``), or the framework's word
    for what is no array (``resource``)."""

    dtype: str
    shape: tuple[int | None, ...] | None = None

    @property
    def text(self) -> str:
        """As in ``float32[64, 784]``."""
        if self.shape is None:
            return self.dtype
        return f"{self.dtype}[{', '.join('?' if n is None else str(n) for n in self.shape)}]"

    @property
    def bytes(self) -> int | None:
        """Its size in memory; None where the shape is open or the type is no array's."""
        if self.shape is None or self.dtype not in SIZES or None in self.shape:
            return None
        return SIZES[self.dtype] * prod(n for n in self.shape if n is not None)


@dataclass
class Operation:
    """One node of a view.

    ``name`` is its own in the view, ``kind`` what the framework calls such an operation
    (``aten.addmm.default``, ``AddmmBackward0``, ``MatMul``, ``fusion``). ``reads`` are the
    operations whose values it reads, each with the number of the value; ``after`` are those that it
    only waits for. ``values`` are what it makes.

    ``node`` is the node of isograd's graph that it belongs to; an operation of the backward pass
    belongs to the node whose gradient it computes. ``scope`` is the user's module (``encoder.0``),
    ``source`` the user's ``file:line``. ``group`` names the kernel or fusion that it is part of.
    ``mark``, where there is one, says what is wrong or special here.
    """

    name: str
    kind: str
    reads: tuple[tuple[str, int], ...] = ()
    values: tuple[Value, ...] = ()
    phase: Phase = "forward"
    node: str | None = None
    scope: str = ""
    source: str | None = None
    group: str | None = None
    after: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    mark: str = ""


@dataclass
class Event:
    """Something that tracing or compiling made visible. ``source`` is the user's ``file:line``."""

    kind: Kind
    text: str
    source: str | None = None
    count: int = 1


@dataclass
class View:
    """What a framework has of a network at one stage.

    ``stage`` is one of the framework's own (see its ``views`` module). ``about`` says in a sentence
    what this is and which of the framework's interfaces shows it. ``figures`` are what the
    framework itself counts (``kernels``, ``fusions``), by name. A view that could not be had has no
    operations, and ``reason`` says why; one that is ``partial`` ends where an operation has a mark.
    """

    framework: str
    stage: str
    title: str
    about: str
    operations: list[Operation] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    status: Literal["ok", "partial", "skipped"] = "ok"
    reason: str = ""

    @property
    def id(self) -> str:
        """As in ``torch/autograd``."""
        return f"{self.framework}/{self.stage}"

    def count(self) -> dict[Phase, int]:
        """Operations in each phase, those that hold inputs and constants among ``input``."""
        return dict(Counter(operation.phase for operation in self.operations))

    def kinds(self) -> dict[str, int]:
        """Operations of each kind, the most frequent first."""
        return dict(Counter(operation.kind for operation in self.operations).most_common())

    def edges(self) -> Iterator[tuple[Operation, int, Operation]]:
        """Each value that is read: who made it, its number, who reads it."""
        named = {operation.name: operation for operation in self.operations}
        for reader in self.operations:
            for name, number in reader.reads:
                yield named[name], number, reader

    def check(self) -> None:
        """Raises `ValueError` for two operations of one name, and for what reads nothing."""
        names = Counter(operation.name for operation in self.operations)
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            raise ValueError(f"{self.id}: two operations are named {twice[0]!r}")
        for operation in self.operations:
            read = {name for name, _ in operation.reads} | set(operation.after)
            lost = sorted(name for name in read if name not in names)
            if lost:
                raise ValueError(f"{self.id}: {operation.name!r} reads {lost[0]!r}, which is not")
