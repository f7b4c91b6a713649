"""Which node an operation belongs to, and what it is there for: from the lines that made it, and
from what it reads where those do not say it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import tensorflow as tf

from isograd.frameworks.marked import node_at
from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow import losses, optimizers, original
from isograd.ir.builder import portable_line
from isograd.references import is_user_file
from isograd.views import Operation, Phase

Frame = tuple[str, int, str]
"""File, line and function; stacks of them go from the innermost outwards."""

GRADIENT_OF = "gradient of"
"""The attribute that names the forward operation which an operation of the backward pass is for."""

INSIDE = "inside"
"""The attribute that names the operation whose function an operation is part of."""

PARAMETER = "parameter"
"""The attribute that names the parameter which an operation of the optimizer's step changes."""

HOLDERS = {"Const", "Placeholder", "PlaceholderWithDefault", "_Arg", "VarHandleOp", "_VarHandlesOp"}
"""Operations that compute nothing: they hold what comes from outside, and constants."""

_ORDER: tuple[Phase, ...] = ("input", "forward", "loss", "backward", "update")
_BACKWARD = {
    ("eager/backprop.py", "gradient"),
    ("ops/gradients_util.py", "_GradientsHelper"),
}


@dataclass(frozen=True)
class Locator:
    """Reads stacks of Python frames. Without a marked ``source``, the code is the user's own."""

    source: str | None = None
    places: dict[int, str] = field(default_factory=dict)
    trainable: frozenset[str] = frozenset()

    @classmethod
    def of(cls, subject: Subject) -> Locator:
        return cls(
            str(subject.plan.source), dict(subject.places), frozenset(subject.plan.trainable)
        )

    def node(self, frames: Sequence[Frame]) -> str | None:
        """The node whose lines these frames are in."""
        if self.source is None:
            return None
        return node_at(((file, line) for file, line, _ in frames), self.source, self.places)

    def line(self, frames: Sequence[Frame]) -> str | None:
        """``file:line`` of the innermost of the user's own frames, where the code is the user's."""
        if self.source is not None:
            return None
        own = (f"{file}:{line}" for file, line, _ in frames if _users(file))
        return portable_line(next(own, None))

    def changed(self, kind: str, handles: Iterable[str | None]) -> dict[str, str]:
        """The attribute `PARAMETER` of an operation that changes one, given what the variables that
        it reads are called."""
        name = next(iter(handles), None)
        changes = kind.startswith(("Assign", "ResourceApply"))
        return {PARAMETER: name} if changes and name in self.trainable else {}

    def phase(self, frames: Sequence[Frame]) -> Phase:
        """What was going on; ``other`` where the frames do not say it."""
        if any(_differentiates(frame) for frame in frames):
            return "backward"
        phases: dict[str, Phase] = {losses.__file__: "loss", optimizers.__file__: "update"}
        for file, _, _ in frames:
            if file in phases:
                return phases[file]
            if file == self.source or (self.source is None and _runs_network(file)):
                return "forward"
        return "other"


def _runs_network(file: str) -> bool:
    """Whether it is the user's own file, or the one that calls the user's network."""
    return file == original.__file__ or _users(file)


@lru_cache(maxsize=4096)
def _users(file: str) -> bool:
    return is_user_file(file)


def frames_of(operation: tf.Operation) -> list[Frame]:
    """The lines that made an operation of a graph."""
    return [(f.filename, f.lineno, f.name) for f in reversed(list(operation.traceback or ()))]


def complete(operations: Sequence[Operation]) -> None:
    """Fills in what no line says: operations of unknown purpose do what those do that they read
    from, sums of gradients belong to the operation whose gradient is computed from them, what is
    inside of a gradient's function belongs to that gradient.

    ``operations`` are in the order of the data flow.
    """
    named = {operation.name: operation for operation in operations}
    read = {o.name: [named[name] for name, _ in o.reads if name in named] for o in operations}
    for operation in operations:
        if operation.kind in HOLDERS:
            operation.phase = "input"
    for operation in operations:
        _inherit(operation, read[operation.name])
    for operation in operations:
        forward = named.get(operation.attributes.get(GRADIENT_OF, ""))
        operation.node = operation.node or (forward.node if forward else None)
    readers: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        for source in read[operation.name]:
            readers[source.name].append(operation)
    for operation in reversed(operations):
        _tie(operation, readers[operation.name])
    for operation in operations:
        _tie(operation, read[operation.name])
        caller = operation.attributes.get(INSIDE)
        _tie(operation, [named[caller]] if caller else [])


def _inherit(operation: Operation, read: Iterable[Operation]) -> None:
    if operation.phase != "other":
        return
    known = [source for source in read if source.phase in _ORDER]
    if not known:
        return
    last = max(known, key=lambda source: _ORDER.index(source.phase))
    operation.phase, operation.node = last.phase, operation.node or last.node
    if last.phase == "input" and operation.kind.startswith("Assign"):
        operation.phase = "update"  # the number of the step


def _tie(operation: Operation, neighbours: Iterable[Operation]) -> None:
    if operation.phase != "backward" or GRADIENT_OF in operation.attributes:
        return
    for other in neighbours:
        if GRADIENT_OF in other.attributes:
            operation.node = other.node
            operation.attributes[GRADIENT_OF] = other.attributes[GRADIENT_OF]
            return


def _differentiates(frame: Frame) -> bool:
    file, _, function = frame
    return any(file.endswith(end) and function == name for end, name in _BACKWARD)
