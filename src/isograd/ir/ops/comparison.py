"""Comparisons, logic, and the choice that they make, which alone has a gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from isograd.ir.ops.base import (
    Op,
    ShapeError,
    TensorType,
    boolean,
    broadcast_shapes,
    numeric,
)
from isograd.ir.ops.checks import is_whole, refuse
from isograd.ir.ops.literal import _WithLiteral, check_literal

Relation = Literal["==", "!=", "<", "<=", ">", ">="]

_RELATIONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Compare(Op):
    """``a relation b``: truth values, of two values of one kind; shapes broadcast. Truth values
    are the same or not; they have no order.
    """

    relation: Relation
    arity: ClassVar[int | None] = 2

    def __post_init__(self) -> None:
        _check_relation(self, self.relation)

    def infer(self, *inputs: TensorType) -> TensorType:
        a, b = inputs
        if a.dtype != b.dtype:
            raise ShapeError(f"Compare needs two values of one kind, got {a.dtype} and {b.dtype}")
        if self.relation not in ("==", "!="):
            numeric(a, f"Compare with {self.relation}")
        return TensorType(broadcast_shapes(a.shape, b.shape), "bool")


@dataclass(frozen=True)
class CompareScalar(_WithLiteral):
    """``x relation value``: truth values. ``value`` may be infinite; an integer input takes a whole
    number only.
    """

    relation: Relation
    value: float

    def __post_init__(self) -> None:
        _check_relation(self, self.relation)
        check_literal(self, "float")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.dtype == "int" and not is_whole(self.value):
            raise ShapeError(f"integers take a whole number, not {self.value!r}")
        return TensorType(numeric(x, "CompareScalar").shape, "bool")


def _check_relation(op: Op, relation: str) -> None:
    if relation not in _RELATIONS:
        refuse(op, "relation", f"one of {', '.join(_RELATIONS)}")


@dataclass(frozen=True)
class _Logical(Op):
    """Two truth values; shapes broadcast."""

    arity: ClassVar[int | None] = 2

    def infer(self, *inputs: TensorType) -> TensorType:
        a, b = (boolean(x, type(self).__name__) for x in inputs)
        return a.with_shape(broadcast_shapes(a.shape, b.shape))


@dataclass(frozen=True)
class LogicalAnd(_Logical):
    """Whether both are true."""


@dataclass(frozen=True)
class LogicalOr(_Logical):
    """Whether one is true, or both."""


@dataclass(frozen=True)
class LogicalXor(_Logical):
    """Whether exactly one is true."""


@dataclass(frozen=True)
class LogicalNot(Op):
    """Whether it is false."""

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        return boolean(x, "LogicalNot")


@dataclass(frozen=True)
class Where(Op):
    """``a`` where the condition is true, ``b`` elsewhere; inputs (condition, a, b), whose shapes
    broadcast. The gradient goes to the one that is taken.
    """

    arity: ClassVar[int | None] = 3

    def infer(self, *inputs: TensorType) -> TensorType:
        condition, a, b = inputs
        boolean(condition, "Where's condition")
        if a.dtype != b.dtype:
            raise ShapeError(f"Where needs two values of one kind, got {a.dtype} and {b.dtype}")
        return a.with_shape(broadcast_shapes(condition.shape, broadcast_shapes(a.shape, b.shape)))
