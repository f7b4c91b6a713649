"""Values that are made from nothing: constants, ranges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.sizes import Dim


def filled(call: Call, number: Any) -> Value:
    """A constant of the result's shape; without axes it is a number."""
    if isinstance(number, Value):
        if number.number is None:
            return call.broadcast(call.cast(number, call.type.dtype), call.shape)
        number = number.number
    dtype = call.type.dtype
    if not call.shape:
        return call.scalar(number, dtype)
    number = {"float": float, "int": int, "bool": bool}[dtype](number)
    return replace(call(ops.Full(call.shape, number, dtype)), number=number)


def constant(number: float) -> Rule:
    return lambda call, *_: filled(call, number)


def full(call: Call, _: Any, number: Any) -> Value:
    return filled(call, number)


def empty(call: Call, *_: object) -> Value:
    return Value(call.type, problem="memory that was not written to (torch.empty)")


def arange(call: Call, *given: Any) -> Value:
    """``(stop)``, ``(start, stop)`` or ``(start, stop, step)``."""
    start, stop, step = (0, *given, 1) if len(given) == 1 else (*given, 1)[:3]
    if not all(isinstance(n, str) or n == int(n) for n in (start, stop, step)):
        raise call.unsupported("a range of numbers that are not whole")
    whole: list[Dim] = [n if isinstance(n, str) else int(n) for n in (start, stop)]
    return call.cast(call(ops.Arange(*whole, int(step))), call.type.dtype)  # type: ignore[arg-type, call-arg]


def linspace(call: Call, start: float, stop: float, count: int) -> Value:
    places = call.cast(call(ops.Arange(0, count, 1)), "float")
    step = (stop - start) / (count - 1) if count > 1 else 0.0
    return call(ops.AddScalar(float(start)), call(ops.MultiplyScalar(step), places))


def eye(call: Call, *_: object) -> Value:
    rows, columns = call.shape
    down = call(ops.ExpandDims(1), call(ops.Arange(0, rows, 1)))
    return call.cast(
        call(ops.Compare("=="), down, call(ops.Arange(0, columns, 1))), call.type.dtype
    )


def scalar_tensor(call: Call, number: Any) -> Value:
    return call.value(number, call.type.dtype)


RULES: dict[str, Rule] = {
    "arange": arange,
    "empty": empty,
    "empty_like": empty,
    "empty_strided": empty,
    "eye": eye,
    "fill": full,
    "full": full,
    "full_like": full,
    "linspace": linspace,
    "new_empty": empty,
    "new_full": full,
    "new_ones": constant(1),
    "new_zeros": constant(0),
    "ones": constant(1),
    "ones_like": constant(1),
    "scalar_tensor": scalar_tensor,
    "zero": constant(0),
    "zeros": constant(0),
    "zeros_like": constant(0),
}
