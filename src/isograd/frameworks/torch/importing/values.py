"""What stands for a tensor of the exported program while it is being translated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isograd.errors import UsageError
from isograd.ir.ops.base import TensorType


@dataclass(frozen=True)
class Draw:
    """A random mask that is ``scale`` with probability ``keep`` and 0 otherwise. A uniform draw,
    not yet compared with anything, has ``shift``: it is uniform in [shift, shift + 1).
    """

    number: int
    keep: float = 0.0
    scale: float = 1.0
    shift: float | None = None


@dataclass(frozen=True)
class Value:
    """A tensor: the graph's value ``name``; or a parameter, which becomes a value only where it is
    not a layer's; or a random draw, which never does.

    ``number`` is the one number that all of its elements are, if that is known.
    ``problem`` names what it is where it can never be a value of the graph. ``differentiable`` says
    whether gradients flow through it to an input
    or a parameter.
    """

    type: TensorType
    name: str = ""
    parameter: str | None = None
    number: float | int | bool | None = None
    draw: Draw | None = None
    problem: str | None = None
    differentiable: bool = False


class Cell:
    """What a name in the program holds, which an in-place op can change.

    A view's cell knows its base: it is translated again (``replay``) when the base has changed, and
    a change of it is written back into the base (``scatter``). ``copies`` marks what is a view at
    some times and a copy at others (``reshape``): then one of the two must not be used after the
    other was changed. ``fixed`` names a parameter or buffer, which nothing may change.
    """

    def __init__(
        self,
        value: Value,
        base: Cell | None = None,
        replay: Callable[[], Value] | None = None,
        scatter: Callable[[Value, Value], Value] | None = None,
        copies: bool = False,
        fixed: str | None = None,
    ) -> None:
        self.fixed = fixed
        self._value = value
        self._base = base
        self._replay = replay
        self._scatter = scatter
        self._copies = copies
        self._version = 0
        self._seen = base.version if base else 0
        self._spoiled = False

    @property
    def version(self) -> int:
        """Grows with each change of this cell or of its base."""
        return self._version + (self._base.version if self._base else 0)

    def read(self) -> Value:
        """The present value. Raises `UsageError` where that is not certain."""
        if self._spoiled:
            raise _uncertain()
        if self._base is not None and self._base.version != self._seen:
            if self._copies or self._replay is None:
                raise _uncertain()
            self._base.read()
            self._value = self._replay()
            self._seen = self._base.version
        return self._value

    def write(self, value: Value) -> None:
        """Changes it in place, and what it is a view of."""
        if self.fixed:
            raise UsageError(
                f"The network changes {self.fixed!r} in place.",
                hint="Only the running statistics of normalisations may change.",
            )
        if self._base is not None and self._copies:
            self._base.spoil()
            self._base = None
        elif self._base is not None:
            if self._scatter is None:
                raise _uncertain()
            self._base.write(self._scatter(self._base.read(), value))
            self._seen = self._base.version
            self._value = value
            return
        self._value = value
        self._version += 1

    def spoil(self) -> None:
        """Whether this was changed is not certain, so that nobody may read it any more."""
        self._spoiled = True
        self._version += 1
        if self._base is not None:
            self._base.spoil()


def _uncertain() -> UsageError:
    return UsageError(
        "A tensor is changed in place, and read through a view or a copy of it.",
        hint="Write it without changing a tensor in place: y = f(x) instead of x[...] = ....",
    )
