"""Ways to write an expression that every framework shares."""

from __future__ import annotations

from collections.abc import Callable

from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Source, call

Expression = Callable[[Site], Source]
"""Writes an op as a framework's expression of the op's arguments."""


def function(name: str, *names: str, **options: object) -> Expression:
    """A function of all arguments, then of the op's attributes ``names``, in that order; and of
    ``options``, by name.
    """

    def write(site: Site) -> Source:
        attributes = (getattr(site.node.op, attribute) for attribute in names)
        return call(name, *site.arguments, *attributes, **options)

    return write


def method(name: str) -> Expression:
    """A method of the first argument: ``x.name()``."""
    return lambda site: call(f"{site.x}.{name}")


def operator(symbol: str) -> Expression:
    """``a + b``."""
    return lambda site: f"{site.arguments[0]} {symbol} {site.arguments[1]}"


def number(value: float | bool) -> str:
    """A constant; a negative one has brackets, so that it fits into any expression."""
    if value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value) if value >= 0 else f"({value!r})"


def physical_axes(site: Site, axes: tuple[int, ...]) -> int | tuple[int, ...]:
    """Where logical axes of the first input lie; a single one by itself."""
    places = tuple(map(site.position, axes))
    return places[0] if len(places) == 1 else places
