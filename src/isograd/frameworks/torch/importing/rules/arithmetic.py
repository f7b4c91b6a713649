"""Arithmetic of two operands: values, numbers and sizes, promoted as PyTorch promotes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.rules import randomness
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import Op
from isograd.ir.sizes import multiply as multiply_size

Number = int | float


def binary(op: Callable[[], Op]) -> Rule:
    """An op of two values of the result's kind."""

    def rule(call: Call, a: Any, b: Any, *_: object) -> Value:
        dtype = call.type.dtype
        return call(op(), call.value(a, dtype), call.value(b, dtype))

    return rule


def add(call: Call, a: Any, b: Any, alpha: Any = None) -> Value:
    """``a + alpha * b``."""
    alpha = call.options.get("alpha", 1) if alpha is None else alpha
    if isinstance(a, Value) and a.draw and _is_number(b):
        return randomness.shifted(call, a, alpha * b)
    if isinstance(b, Value) and b.draw and _is_number(a):
        return randomness.shifted(call, b, a)
    if isinstance(a, Value) and isinstance(b, Value) and b.draw and a.number is not None:
        return randomness.shifted(call, b, a.number)
    return _sum(call, a, scaled(call, b, alpha))


def scaled(call: Call, b: Any, alpha: Number) -> Any:
    if alpha == 1:
        return b
    if isinstance(b, str):
        return multiply_size(int(alpha), b)
    if _is_number(b):
        return alpha * b
    return call(ops.MultiplyScalar(alpha), call.value(b, call.type.dtype))


def _sum(call: Call, a: Any, b: Any) -> Value:
    if isinstance(a, Value) and isinstance(b, Value):
        return _binary_add(call, a, b)
    a, b = (b, a) if not isinstance(a, Value) else (a, b)
    if isinstance(b, str):
        return _binary_add(call, a, b)
    return call(ops.AddScalar(_number(call, b)), call.cast(a, call.type.dtype))


_binary_add = binary(ops.Add)


def subtract(call: Call, a: Any, b: Any, alpha: Any = None) -> Value:
    alpha = call.options.get("alpha", 1) if alpha is None else alpha
    if isinstance(a, Value) and isinstance(b, Value):
        return binary(ops.Subtract)(call, a, scaled(call, b, alpha))
    if isinstance(a, Value):
        return _sum(call, a, multiply_size(-alpha, b) if isinstance(b, str) else -alpha * b)
    return _sum(call, call(ops.Negative(), scaled(call, call.cast(b, call.type.dtype), alpha)), a)


def reversed_subtract(call: Call, a: Value, b: Any, alpha: Number = 1) -> Value:
    """``b - alpha * a``."""
    return subtract(call, b, a, call.options.get("alpha", alpha))


def multiply(call: Call, a: Any, b: Any) -> Value:
    if (isinstance(a, Value) and a.draw) or (isinstance(b, Value) and b.draw):
        return randomness.applied(call, a, b)
    if isinstance(a, Value) and isinstance(b, Value):
        if call.type.dtype == "bool":
            return call(ops.LogicalAnd(), a, b)
        return binary(ops.Multiply)(call, a, b)
    a, b = (b, a) if not isinstance(a, Value) else (a, b)
    if isinstance(b, str):
        return binary(ops.Multiply)(call, a, b)
    return call(ops.MultiplyScalar(_number(call, b)), call.cast(a, call.type.dtype))


def divide(call: Call, a: Any, b: Any) -> Value:
    """By a power of two it is a product, which is exact; by other numbers it stays a division."""
    rounding = call.options.get("rounding_mode")
    if rounding == "floor":
        return floor_divide(call, a, b)
    if rounding is not None:
        raise call.unsupported("division that rounds towards zero")
    if isinstance(a, Value) and a.draw:
        return randomness.scaled(call, a, b)
    if _is_number(b) and b and math.frexp(b)[0] in (0.5, -0.5):
        return call(ops.MultiplyScalar(1.0 / b), call.cast(a, "float"))
    return binary(ops.Divide)(call, a, b)


def floor_divide(call: Call, a: Any, b: Any) -> Value:
    return binary(ops.FloorDivide)(call, a, b)


def power(call: Call, a: Any, b: Any) -> Value:
    if not isinstance(b, Value) and isinstance(a, Value):
        a = call.cast(a, call.type.dtype)
        if b == 2:
            return call(ops.Square(), a)
        if a.type.dtype == "float":
            return call(ops.Sqrt(), a) if b == 0.5 else call(ops.PowerScalar(b), a)
        raise call.unsupported("a power of whole numbers")
    return binary(ops.Power)(call, a, b)


def addcmul(call: Call, x: Value, a: Value, b: Value) -> Value:
    return add(call, x, call(ops.Multiply(), a, b), call.options.get("value", 1))


def addcdiv(call: Call, x: Value, a: Value, b: Value) -> Value:
    return add(call, x, call(ops.Divide(), a, b), call.options.get("value", 1))


def lerp(call: Call, a: Value, b: Value, weight: Any) -> Value:
    return add(call, a, multiply(call, call(ops.Subtract(), b, a), weight), 1)


def logaddexp(call: Call, a: Value, b: Value) -> Value:
    """``max(a, b) + log1p(exp(-|a - b|))``, whose gradient at ``a = b`` is a half each, too."""
    gap = call(ops.Negative(), call(ops.Abs(), call(ops.Subtract(), a, b)))
    tail = call(ops.Log1p(), call(ops.Exp(), gap))
    return call(ops.Add(), call(ops.Maximum(), a, b), tail)


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _number(call: Call, given: Any) -> Number:
    """A number, whole where the result is."""
    return int(given) if call.type.dtype == "int" else float(given)


RULES: dict[str, Rule] = {
    "add": add,
    "addcdiv": addcdiv,
    "addcmul": addcmul,
    "atan2": binary(ops.Atan2),
    "div": divide,
    "divide": divide,
    "floor_divide": floor_divide,
    "lerp": lerp,
    "logaddexp": logaddexp,
    "maximum": binary(ops.Maximum),
    "max.other": binary(ops.Maximum),
    "minimum": binary(ops.Minimum),
    "min.other": binary(ops.Minimum),
    "mul": multiply,
    "multiply": multiply,
    "pow": power,
    "remainder": binary(ops.Remainder),
    "rsub": reversed_subtract,
    "sub": subtract,
    "subtract": subtract,
    "true_divide": divide,
}
