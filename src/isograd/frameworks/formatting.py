"""Source text laid out as ``ruff format`` would leave it, for the few forms that emitters write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WIDTH = 100
"""Columns of a line; more than ruff's default because emitted constructors name their arguments."""


@dataclass(frozen=True)
class Bracket:
    """``opening item, item closing``, for instance ``F.pad(``, ``x``, ``(0, 1)``, ``)``."""

    opening: str
    items: tuple[Source, ...]
    closing: str

    def __str__(self) -> str:
        return self.opening + ", ".join(map(str, self.items)) + self.closing


Source = str | Bracket
"""An expression: text that stays on one line, or a bracket that may be broken."""


def call(function: str, *positional: object, **keywords: object) -> Bracket:
    """``function(positional, keyword=value)``. Values that are no `Source` are written as Python
    writes them.
    """
    named = (_keyword(name, value) for name, value in keywords.items())
    return Bracket(f"{function}(", (*(literal(item) for item in positional), *named), ")")


def listed(items: tuple[Source, ...]) -> Bracket:
    """``[item, item]``."""
    return Bracket("[", items, "]")


def literal(value: object) -> Source:
    """Strings and brackets are source already; numbers, flags and tuples are written out."""
    return value if isinstance(value, str | Bracket) else repr(value)


def statement(prefix: str, source: Source, indent: int, suffix: str = "") -> Iterator[str]:
    """The lines of ``prefix source suffix``: one line if it fits, else the items on a line of their
    own, else each item on its own line.
    """
    margin = " " * indent
    line = f"{margin}{prefix}{source}{suffix}"
    if len(line) <= WIDTH or isinstance(source, str) or not source.items:
        yield line
        return
    yield f"{margin}{prefix}{source.opening}"
    together = " " * (indent + 4) + ", ".join(map(str, source.items))
    if len(together) <= WIDTH:
        yield together
    else:
        for item in source.items:
            yield from statement("", item, indent + 4, ",")
    yield f"{margin}{source.closing}{suffix}"


def _keyword(name: str, value: object) -> Source:
    source = literal(value)
    if isinstance(source, Bracket):
        return Bracket(f"{name}={source.opening}", source.items, source.closing)
    return f"{name}={source}"
