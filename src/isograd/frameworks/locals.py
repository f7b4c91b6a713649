"""Local variables of a forward pass: few, short, and reused once a value is no longer needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    names of the variables that hold them. ``pattern`` has a place for the name of each value that
    is made, and ``forms`` say what it is in terms of that name; ``wishes`` are names that are
    taken where they are free.
    """

    makes: tuple[Held, ...]
    reads: tuple[Held, ...]
    write: Callable[[tuple[str, ...]], Source]
    pattern: str = ""
    forms: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()

    def target(self, names: Iterable[str]) -> str:
        """What stands in front of the equals sign."""
        return self.pattern.format(*names) if self.pattern else ", ".join(names)

    def value(self, place: int, name: str) -> str:
        """What the value is that a variable is given for."""
        return self.forms[place].format(name) if self.forms else name


def name_locals(
    lines: list[Line],
    inputs: Mapping[Held, str],
    outputs: tuple[Held, ...],
    reserved: frozenset[str],
) -> tuple[tuple[str, ...], list[str]]:
    """The names of the inputs, and the text of the lines with a ``return`` behind them, indented
    by 8. Inputs get the names that they are given, where these are usable; other values take
    ``x``, or the first short name that is free. An expression that is nothing but a name or a
    number makes no line; where a pattern is taken apart, what nobody reads is ``_``.
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
        chosen = []
        for place, held in enumerate(line.makes):
            busy = {name.partition("[")[0] for name in holds.values()}
            wishes = [w for w in line.wishes[place : place + 1] if w and w not in reserved]
            name = _free(arguments, busy, set(given.values()), wishes)
            chosen.append(name if held in last_use or not line.pattern else "_")
            holds[held] = line.value(place, name)
        text += statement(f"{line.target(chosen)} = ", source, 8)
        for held in [held for held in line.makes if held not in last_use]:
            del holds[held]
    results = tuple(holds[held] for held in outputs)
    text += _returned(results)
    return tuple(given.values()), text


def _free(arguments: tuple[str, ...], busy: set[str], given: set[str], wishes: list[str]) -> str:
    """The first wish, else the first argument that is over, else the first short name that is free.
    The name of an input never stands for something else, unless it is a short one.
    """
    wished = (name for name in wishes if name not in given)
    variables = (name for name in arguments if name.isidentifier())
    reusable = (name for name in variables if name not in given or name in SHORT)
    candidates = chain(wished, reusable, SHORT, _numbered())
    return next(name for name in candidates if name not in busy)


def _numbered() -> Iterator[str]:
    return (f"t{i}" for i in count(1))


def _returned(results: tuple[str, ...]) -> Iterator[str]:
    flat = ", ".join(results)
    if len(flat) <= 80:
        return statement("return ", flat, 8)
    return statement("return ", Bracket("(", results, ")"), 8)
