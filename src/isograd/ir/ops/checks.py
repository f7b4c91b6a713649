"""Checks of an op's attributes, shared by every family.

Attributes may come from a stored file, so that kinds are checked as well as ranges. Each function
takes the op and the names of its fields, and raises `ValueError` with a sentence that names the op,
the field and the value.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

if TYPE_CHECKING:
    from isograd.ir.ops.base import Op


def refuse(op: Op, name: str, wanted: str) -> NoReturn:
    """Raises the `ValueError` for field ``name`` of ``op``, which should have been ``wanted``."""
    raise ValueError(f"{type(op).__name__}: {name} must be {wanted}, got {getattr(op, name)!r}")


def check_whole(op: Op, *names: str, minimum: int | None = None) -> None:
    """Whole numbers, not below ``minimum``. Booleans are no numbers."""
    for name in names:
        if not is_whole(getattr(op, name), minimum):
            limit = "" if minimum is None else f" of at least {minimum}"
            refuse(op, name, f"a whole number{limit}")


def check_sizes(op: Op, *names: str, minimum: int | None = 1) -> None:
    """Tuples, not empty, of whole numbers that are not below ``minimum``."""
    for name in names:
        value = getattr(op, name)
        if not (isinstance(value, tuple) and value and all(is_whole(n, minimum) for n in value)):
            limit = "" if minimum is None else f" of at least {minimum}"
            refuse(op, name, f"a tuple of whole numbers{limit}, and not empty")


def check_flag(op: Op, *names: str) -> None:
    """True or False."""
    for name in names:
        if not isinstance(getattr(op, name), bool):
            refuse(op, name, "True or False")


def check_number(op: Op, *names: str) -> None:
    """Finite numbers."""
    for name in names:
        if not is_number(getattr(op, name)):
            refuse(op, name, "a finite number")


def check_positive(op: Op, *names: str) -> None:
    """Finite numbers above zero."""
    for name in names:
        value = getattr(op, name)
        if not (is_number(value) and value > 0):
            refuse(op, name, "a finite number above 0")


def is_whole(value: Any, minimum: int | None = None) -> TypeGuard[int]:
    """Whether ``value`` is a whole number, and not below ``minimum``."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and (minimum is None or value >= minimum)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether ``value`` is a finite number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max
