"""One call of an aten op while it is translated: what a rule sees and may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from isograd.errors import UsageError
from isograd.frameworks.torch.importing.symbolic import Sizes
from isograd.frameworks.torch.importing.values import Value
from isograd.frameworks.torch.importing.writer import Writer
from isograd.ir import ops
from isograd.ir.ops.base import DType, Op, Shape, TensorType
from isograd.ir.sizes import Dim

Rule = Callable[..., Any]
"""``rule(call, *arguments)`` with the arguments of the op's schema in order, up to those that can
be named only (they are in `Call.options`); tensors are `Value`, sizes `Dim`. It returns the `Value`
or values that the op makes."""


@dataclass
class Call:
    """An aten op's call.

    ``results`` are the types of what it makes. ``notes`` are what the translation of the training
    mode leaves for that of the evaluation mode; ``ordinal`` counts the calls of one op, so that
    both can name them. ``number`` counts random draws.
    """

    name: str
    writer: Writer
    sizes: Sizes
    results: tuple[TensorType, ...]
    source: str
    scope: str
    training: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    ordinal: int = 0
    number: int = 0

    @property
    def type(self) -> TensorType:
        """The type of the (first) result, as PyTorch has it."""
        return self.results[0]

    @property
    def shape(self) -> Shape:
        return self.type.shape

    def __call__(self, op: Op, *inputs: Value) -> Value:
        """Adds a node without parameters."""
        self._refuse_draws(op, inputs)
        return self.writer.add(op, inputs, {}, self.scope, self.source)

    def layer(self, op: Op, *inputs: Value, **roles: Value | None) -> Value:
        """Adds a node that owns ``roles``; those that are None are left out."""
        self._refuse_draws(op, inputs)
        names = {role: value.parameter for role, value in roles.items() if value is not None}
        held = {role: name for role, name in names.items() if name is not None}
        return self.writer.add(op, inputs, held, self.scope, self.source)

    def layer_or(
        self, op: Op, inputs: Sequence[Value], roles: Mapping[str, Value | None], what: str
    ) -> Value:
        """A layer whose parameters must be plain ones. Raises `UsageError` if they are computed."""
        if not plain(*roles.values()):
            raise self.unsupported(f"{what} with weights that are computed")
        return self.layer(op, *inputs, **roles)

    def scalar(self, number: float | int | bool, dtype: DType) -> Value:
        """A number as a value without axes."""
        kinds = {"float": float, "int": int, "bool": bool}
        number = kinds[dtype](number)
        return replace(self(ops.Scalar(number, dtype)), number=number)

    def value(self, given: Value | Dim | float | bool, dtype: DType) -> Value:
        """An operand of kind ``dtype``: a value, cast where it is of another kind, or a number."""
        if isinstance(given, Value):
            return self.cast(given, dtype)
        if isinstance(given, str):
            return self.cast(self.size(given), dtype)
        return self.scalar(given, dtype)

    def size(self, size: Dim) -> Value:
        """A size as an integer value without axes: an open one is counted."""
        if isinstance(size, int):
            return self.scalar(size, "int")
        return self(ops.Sum((0,)), self(ops.Full((size,), 1, "int")))

    def cast(self, value: Value, dtype: DType) -> Value:
        return value if value.type.dtype == dtype else self(ops.Cast(dtype), value)

    def reshape(self, value: Value, shape: Shape) -> Value:
        return value if value.type.shape == shape else self(ops.Reshape(shape), value)

    def broadcast(self, value: Value, shape: Shape) -> Value:
        return value if value.type.shape == shape else self(ops.BroadcastTo(shape), value)

    def transpose(self, value: Value, axes: Sequence[int]) -> Value:
        axes = tuple(axes)
        return value if axes == tuple(range(len(axes))) else self(ops.Transpose(axes), value)

    def unsupported(self, what: str | None = None) -> UsageError:
        """The error for what has no form in the graph."""
        return UsageError(
            f"{what[0].upper() + what[1:] if what else self.name} is not supported yet"
            + (f" ({self.name}" if what else "")
            + (
                f"{', ' if what else ' ('}in module {self.scope!r})"
                if self.scope
                else ")" * bool(what)
            )
            + ".",
            where=self.source or None,
            hint="Write it with other ops, or add a rule for it (see CONTRIBUTING.md).",
        )

    def _refuse_draws(self, op: Op, inputs: Sequence[Value]) -> None:
        if any(value.draw for value in inputs):
            raise self.unsupported(f"a random draw that {type(op).__name__} is applied to")


def plain(*values: Value | None) -> bool:
    """Whether all are parameters as they are, or absent."""
    return all(value is None or value.parameter is not None for value in values)


def axis_of(axis: int, value: Value) -> int:
    """``axis`` counted from the front."""
    return axis % max(value.type.rank, 1)


def axes_of(axes: Sequence[int] | int | None, value: Value) -> tuple[int, ...]:
    """Axes counted from the front; none given are all of them."""
    if isinstance(axes, int):
        axes = (axes,)
    return tuple(axis_of(axis, value) for axis in axes or range(value.type.rank))


def pair(values: Sequence[int], axes: int) -> tuple[int, ...]:
    """One number for each axis; a single one stands for all."""
    return tuple(values) * axes if len(values) == 1 else tuple(values)


def both(values: Sequence[int], axes: int) -> tuple[tuple[int, int], ...]:
    """The same padding before and after."""
    return tuple((size, size) for size in pair(values, axes))
