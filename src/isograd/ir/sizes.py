"""Sizes that are known only at run time: polynomials of symbols, such as ``"64*N"`` or ``"T+1"``.

A size is an int, or the canonical text of a polynomial with whole coefficients: terms sorted, the
constant last, coefficients in front. Equal sizes have equal texts, so that sizes are compared with
``==``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, reduce

Dim = int | str
"""A size: a number, or the text of a polynomial."""

_Polynomial = Counter[tuple[str, ...]]
"""Sorted symbols of a term (the empty tuple is the constant) to its coefficient, never zero."""

_TERM = re.compile(r"([+-]?)([^+-]+)")


def add(*sizes: Dim) -> Dim:
    """The sum."""
    total: _Polynomial = Counter()
    for size in sizes:
        for term, coefficient in _parse(size).items():
            total[term] += coefficient
    return _text(total)


def subtract(a: Dim, b: Dim) -> Dim:
    """``a - b``."""
    return add(a, multiply(-1, b))


def multiply(*sizes: Dim) -> Dim:
    """The product; 1 for no sizes."""
    one: Dim = 1
    return reduce(_times, sizes, one)


def divide(a: Dim, b: Dim) -> Dim | None:
    """``a / b`` where that is a polynomial with whole coefficients and ``b`` has one term, else
    None.
    """
    divisor = _parse(b)
    if len(divisor) != 1:
        return 1 if a == b else None
    ((symbols, number),) = divisor.items()
    quotient: _Polynomial = Counter()
    for term, coefficient in _parse(a).items():
        rest = Counter(term)
        rest.subtract(symbols)
        if coefficient % number or min(rest.values(), default=0) < 0:
            return None
        quotient[tuple(sorted(rest.elements()))] += coefficient // number
    return _text(quotient)


def evaluate(size: Dim, values: Mapping[str, int]) -> int:
    """The number that ``size`` is where its symbols have ``values``. Raises `KeyError`."""
    total = 0
    for term, coefficient in _parse(size).items():
        for symbol in term:
            coefficient *= values[symbol]
        total += coefficient
    return total


def symbols(*sizes: Dim) -> tuple[str, ...]:
    """The symbols in some sizes, in the order of their first appearance."""
    found = (name for size in sizes for term in _parse(size) for name in term)
    return tuple(dict.fromkeys(found))


def is_symbol(size: Dim) -> bool:
    """Whether ``size`` is a single symbol, such as ``"N"``."""
    return isinstance(size, str) and size.isidentifier()


def is_canonical(text: str) -> bool:
    """Whether ``text`` is a size as this module writes it."""
    try:
        return _text(_parse(text)) == text
    except ValueError:
        return False


def written(size: Dim, names: Mapping[str, str]) -> str:
    """``size`` as a Python expression in which each symbol has the name that ``names`` gives."""
    source = re.sub(r"[^\W\d]\w*", lambda found: names[found[0]], str(size))
    return re.sub(r"(?<=.)([*+-])", r" \1 ", source)


def renamed(size: Dim, names: Mapping[str, str]) -> Dim:
    """``size`` with other names for the symbols that ``names`` holds."""
    return _text(
        Counter(
            {
                tuple(sorted(names.get(symbol, symbol) for symbol in term)): number
                for term, number in _parse(size).items()
            }
        )
    )


def settled(size: Dim, values: Mapping[str, int]) -> Dim:
    """``size`` with numbers in the place of the symbols that ``values`` holds."""
    terms: _Polynomial = Counter()
    for term, number in _parse(size).items():
        for symbol in term:
            number *= values.get(symbol, 1)
        terms[tuple(symbol for symbol in term if symbol not in values)] += number
    return _text(terms)


@cache
def _parse(size: Dim) -> _Polynomial:
    if isinstance(size, int):
        return Counter({(): size}) if size else Counter()
    result: _Polynomial = Counter()
    if "".join(found[0] for found in _TERM.finditer(size)) != size:
        raise ValueError(f"{size!r} is no size")
    for sign, body in _TERM.findall(size):
        factors = body.split("*")
        number = 1
        if factors[0].isdecimal():
            number = int(factors.pop(0))
        if not all(factor.isidentifier() for factor in factors):
            raise ValueError(f"{size!r} is no size")
        result[tuple(sorted(factors))] += -number if sign == "-" else number
    return result


def _times(a: Dim, b: Dim) -> Dim:
    product: _Polynomial = Counter()
    for left, m in _parse(a).items():
        for right, n in _parse(b).items():
            product[tuple(sorted(left + right))] += m * n
    return _text(product)


def _text(polynomial: _Polynomial) -> Dim:
    terms = sorted(
        ((term, number) for term, number in polynomial.items() if number),
        key=lambda item: (item[0] == (), item[1] < 0, item[0]),
    )
    if not terms:
        return 0
    if terms == [((), terms[0][1])]:
        return terms[0][1]
    text = "".join(_term(term, number) for term, number in terms)
    return text.removeprefix("+")


def _term(term: Iterable[str], number: int) -> str:
    factors = list(term)
    if abs(number) != 1 or not factors:
        factors.insert(0, str(abs(number)))
    return ("-" if number < 0 else "+") + "*".join(factors)
