"""Parts of an emitted file that every framework writes alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from isograd.frameworks.classes import ClassBody
from isograd.frameworks.formatting import statement
from isograd.ir.ops.base import TensorType
from isograd.ir.placement import Placement


def describe_inputs(inputs: tuple[tuple[str, TensorType, Placement], ...]) -> list[str]:
    """One line for each input: its shape as the code takes it, and the order of its axes if that
    is not the logical one.
    """
    lines = ["Inputs:" if len(inputs) > 1 else "Input:"]
    for name, kind, place in inputs:
        shape = ", ".join(_size(kind.shape[axis]) for axis in place.order)
        moved = "" if place.is_logical else f", the logical axes in the order {place.order}"
        lines.append(f"    {name}: [{shape}] {kind.dtype}{moved}")
    return lines


def _size(size: int | str) -> str:
    """Symbols may come from anywhere; only short plain ones are repeated."""
    return str(size) if isinstance(size, int) or _is_plain(size) else "?"


def _is_plain(symbol: str) -> bool:
    return symbol.isascii() and symbol.isidentifier() and len(symbol) <= 12


def constructed(body: ClassBody) -> Iterator[str]:
    """The lines that make a class's layers."""
    for attribute, source in body.construction:
        yield from statement(f"self.{attribute} = ", source, 8)
        for line in body.after.get(attribute, ()):
            yield " " * 8 + line


def called(sources: Mapping[str, str], text: str) -> list[str]:
    """Of some functions and classes, the sources of those that ``text`` calls by name, and of
    those that these call or are made from, in the order given."""
    needed: set[str] = set()
    while True:
        calls = [text, *(sources[name] for name in needed)]
        found = {n for n in sources if any(_names(n, text) for text in calls)}
        if found <= needed:
            return [line for n in sources if n in needed for line in (sources[n], "")]
        needed |= found


def _names(name: str, text: str) -> bool:
    """Whether it is called in the text or given to a call, or a class is made from it."""
    found = rf"(?<![\w.]){name}\(|={name}\b(?!\.)|^class \w+\({name}\)"
    return bool(re.search(found, text, re.MULTILINE))
