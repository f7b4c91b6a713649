"""Local variables of a forward pass: few, short, and reused once a value is no longer needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count

from isograd.frameworks.formatting import Bracket, Source, statement
from isograd.frameworks.naming import LOCALS, UniqueNames
from isograd.ir.placement import Order

SHORT = ("x", "y", "z", "u", "v", "w")
"""Names of local variables, in the order of preference."""


_CONSTANT = re.compile(r'self(\.\w+)+|\(?-?\d[\d.e+-]*\)?|float\("-?inf"\)')
"""An attribute or a number, which needs no variable."""

Held = tuple[str, Order]
"""A value, and the order of axes in which a variable holds it."""


@dataclass(frozen=True)
class Line:
    """One statement: the values that it makes, those that it reads, and what it writes, given the
    names of the variables that hold them.
    """

    makes: tuple[Held, ...]
    reads: tuple[Held, ...]
    write: Callable[[tuple[str, ...]], Source]


def name_locals(
    lines: list[Line],
    inputs: Mapping[Held, str],
    outputs: tuple[Held, ...],
    reserved: frozenset[str],
) -> tuple[tuple[str, ...], list[str]]:
    """The names of the inputs, and the text of the lines with a ``return`` behind them, indented
    by 8. Inputs get the names that they are given, where these are usable; other values take
    ``x``, or the first short name that is free. An expression that is nothing but a name or a
    number makes no line.
    """
    names = UniqueNames(LOCALS | reserved)
    given = {held: names.claim(wish, "x") for held, wish in inputs.items()}
    holds = dict(given)
    last_use = {held: i for i, line in enumerate(lines) for held in line.reads}
    last_use |= dict.fromkeys(outputs, len(lines))
    text: list[str] = []
    for i, line in enumerate(lines):
        arguments = tuple(holds[held] for held in line.reads)
        for held in [held for held in holds if last_use.get(held, -1) <= i]:
            del holds[held]
        source = line.write(arguments)
        if isinstance(source, str) and (source in arguments or _CONSTANT.fullmatch(source)):
            holds[line.makes[0]] = source
            continue
        for held in line.makes:
            holds[held] = _free(arguments, set(holds.values()), set(given.values()))
        text += statement(f"{', '.join(holds[held] for held in line.makes)} = ", source, 8)
        for held in [held for held in line.makes if held not in last_use]:
            del holds[held]
    results = tuple(holds[held] for held in outputs)
    text += _returned(results)
    return tuple(given.values()), text


def _free(arguments: tuple[str, ...], busy: set[str], given: set[str]) -> str:
    """The first argument that is over, else the first short name that is free. The name of an
    input never stands for something else, unless it is a short one.
    """
    variables = (name for name in arguments if name.isidentifier())
    reusable = (name for name in variables if name not in given or name in SHORT)
    candidates = chain(reusable, SHORT, _numbered())
    return next(name for name in candidates if name not in busy)


def _numbered() -> Iterator[str]:
    return (f"t{i}" for i in count(1))


def _returned(results: tuple[str, ...]) -> Iterator[str]:
    flat = ", ".join(results)
    if len(flat) <= 80:
        return statement("return ", flat, 8)
    return statement("return ", Bracket("(", results, ")"), 8)
