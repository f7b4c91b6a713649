"""Comparisons, logic and choices."""

from __future__ import annotations

from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.rules import randomness
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops


def compare(relation: str) -> Rule:
    def rule(call: Call, a: Any, b: Any) -> Value:
        if isinstance(a, Value) and a.draw:
            return randomness.compared(call, a, relation, b)
        if isinstance(a, Value) and isinstance(b, Value):
            kinds = {a.type.dtype, b.type.dtype}
            dtype = next(kind for kind in ("float", "int", "bool") if kind in kinds)
            return call(ops.Compare(relation), call.cast(a, dtype), call.cast(b, dtype))  # type: ignore[arg-type]
        if isinstance(b, str):
            return rule(call, a, call.size(b))
        if isinstance(b, float) and a.type.dtype != "float":
            a = call.cast(a, "float")
        if a.type.dtype == "bool":
            a = call.cast(a, "int")
        return call(ops.CompareScalar(relation, b), a)  # type: ignore[arg-type]

    return rule


def logical(op: Any) -> Rule:
    """Of truth values; numbers are true where they are not zero."""

    def rule(call: Call, *values: Any) -> Value:
        return call(op(), *(truth(call, value) for value in values))

    return rule


def bitwise(op: Any) -> Rule:
    def rule(call: Call, *values: Any) -> Value:
        if call.type.dtype != "bool":
            raise call.unsupported("arithmetic of bits")
        return call(op(), *(truth(call, value) for value in values))

    return rule


def truth(call: Call, value: Any) -> Value:
    if not isinstance(value, Value):
        return call.scalar(bool(value), "bool")
    return value if value.type.dtype == "bool" else call(ops.CompareScalar("!=", 0), value)


def where(call: Call, condition: Value, a: Any, b: Any) -> Value:
    dtype = call.type.dtype
    return call(ops.Where(), truth(call, condition), call.value(a, dtype), call.value(b, dtype))


def masked_fill(call: Call, x: Value, mask: Value, number: Any) -> Value:
    filling = number if isinstance(number, Value) else call.scalar(number, x.type.dtype)
    filled = call(ops.Where(), truth(call, mask), call.cast(filling, x.type.dtype), x)
    return filled


def isnan(call: Call, x: Value) -> Value:
    return call(ops.Compare("!="), x, x)


RULES: dict[str, Rule] = {
    "bitwise_and": bitwise(ops.LogicalAnd),
    "bitwise_not": bitwise(ops.LogicalNot),
    "bitwise_or": bitwise(ops.LogicalOr),
    "bitwise_xor": bitwise(ops.LogicalXor),
    "__and__": bitwise(ops.LogicalAnd),
    "__or__": bitwise(ops.LogicalOr),
    "__xor__": bitwise(ops.LogicalXor),
    "eq": compare("=="),
    "ge": compare(">="),
    "greater": compare(">"),
    "gt": compare(">"),
    "isnan": isnan,
    "le": compare("<="),
    "less": compare("<"),
    "logical_and": logical(ops.LogicalAnd),
    "logical_not": logical(ops.LogicalNot),
    "logical_or": logical(ops.LogicalOr),
    "logical_xor": logical(ops.LogicalXor),
    "lt": compare("<"),
    "masked_fill": masked_fill,
    "ne": compare("!="),
    "not_equal": compare("!="),
    "where": where,
}
