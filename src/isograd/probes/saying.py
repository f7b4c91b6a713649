"""What the rules have in common: how observations are put into words."""

from __future__ import annotations

from typing import Any

from isograd.probes.question import Finding, Observed

CLOSE = 1e-4
"""Relative to the largest value: values of float32 that differ by less are the same here. What is
wrong in these snippets is wrong by tenths."""

WORDS = 160
"""Characters of an error's message that evidence quotes."""


def failed(attempt: Observed) -> bool:
    """Whether an attempt (`isograd.probes.watching.attempt`) ended in an error."""
    return "error" in attempt


def quoted(attempt: Observed) -> str:
    """``RuntimeError: what it says``, in one line."""
    return f"{attempt['error']}: {in_line(attempt['message'])}"


def in_line(message: Any) -> str:
    """A message in one line, of a bearable length, and without its full stop."""
    text = " ".join(str(message).split()).removesuffix(".")
    return text if len(text) <= WORDS else f"{text[:WORDS]}…"


def close(value: Any, right: Any) -> bool:
    """Whether nested lists of numbers are the same but for rounding."""
    ours, theirs = list(_flat(value)), list(_flat(right))
    scale = max((abs(number) for number in theirs), default=1.0)
    return len(ours) == len(theirs) and all(
        a is not None and abs(a - b) <= CLOSE * scale for a, b in zip(ours, theirs, strict=True)
    )


def numbers(value: Any) -> str:
    """Nested lists of numbers as a person writes them."""
    if isinstance(value, list):
        return f"[{', '.join(map(numbers, value))}]"
    return f"{value:.4g}" if isinstance(value, int | float) else "NaN"


def several_ways(observed: Observed) -> Finding:
    """The rule where a value is computed in one or more ways and checked against the analytic one:
    yes if a way gives the right value and none a wrong one in silence; partly if some way is right
    and another silently wrong; no if no way is right."""
    right, ways = observed["right"], observed["ways"]
    good = [name for name, way in ways.items() if not failed(way) and close(way["value"], right)]
    wrong = [name for name, way in ways.items() if not failed(way) and name not in good]
    said = [_way(name, way, right) for name, way in ways.items()]
    if good:
        return ("partly" if wrong else "yes"), " ".join(said)
    return "no", " ".join(said)


def _way(name: str, way: Observed, right: Any) -> str:
    start = f"{name[0].upper()}{name[1:]}" if " " in name else name  # a function's stays as it is
    if failed(way):
        return f"{start}: {quoted(way)}."
    if close(way["value"], right):
        return f"{start}: {numbers(way['value'])}, as it should be."
    return f"{start}: {numbers(way['value'])} in silence, where {numbers(right)} is right."


def _flat(value: Any) -> Any:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value
