"""Numbers and truth values that are part of an op, infinite ones included."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from isograd.ir.ops.base import DType, Op
from isograd.ir.ops.checks import is_number, is_whole, refuse


@dataclass(frozen=True)
class _WithLiteral(Op):
    """For ops with a field ``value`` that may be infinite, which JSON cannot write: there it is the
    string ``"inf"`` or ``"-inf"``.
    """

    spelled: ClassVar[tuple[str, ...]] = ("inf", "-inf")

    def attributes(self) -> dict[str, Any]:
        """Field name to value, in declaration order."""
        attributes = super().attributes()
        value = attributes["value"]
        infinite = isinstance(value, float) and math.isinf(value)
        return attributes | ({"value": str(value)} if infinite else {})

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Op:
        """The inverse of `attributes`."""
        value = attributes.get("value")
        number = {"value": float(value)} if value in cls.spelled else {}
        return super().from_attributes({**attributes, **number})


def check_kind(op: Op, name: str = "dtype") -> None:
    """One of the kinds of values."""
    if getattr(op, name) not in ("float", "int", "bool"):
        refuse(op, name, "'float', 'int' or 'bool'")


def check_literal(op: Op, dtype: DType) -> None:
    """``op.value`` is a number of this kind, finite or infinite, or a truth value."""
    value = getattr(op, "value")  # noqa: B009
    infinite = isinstance(value, float) and math.isinf(value)
    fits = {
        "float": infinite or is_number(value),
        "int": is_whole(value),
        "bool": isinstance(value, bool),
    }
    if not fits[dtype]:
        wanted = {"float": "a number", "int": "a whole number", "bool": "True or False"}
        refuse(op, "value", wanted[dtype])
