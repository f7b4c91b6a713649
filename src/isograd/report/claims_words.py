"""What terminal and page say about statements."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.claims.outcome import Figure, Verdict
from isograd.claims.record import Claims
from isograd.effort.record import Script
from isograd.effort.source import Usage
from isograd.notation import numbers
from isograd.notation.names import enumeration

SYMBOLS: dict[Verdict, str] = {
    "holds": "✓",
    "does not hold": "≠",
    "depends": "±",
    "not testable": "∅",
}
"""One sign for each verdict, so that colour is never the only carrier."""

STYLES: dict[Verdict, str] = {
    "holds": "green",
    "does not hold": "red",
    "depends": "yellow",
    "not testable": "dim",
}

COUNTED: dict[Verdict, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "depends": ("depends", "depend"),
    "not testable": ("is not testable", "are not testable"),
}
"""A verdict as it is said of one, and of several."""


def headline(found: Claims) -> str:
    """``Of 20 statements, 5 hold here, 4 do not hold, 8 depend and 3 are not testable.``"""
    counts = {verdict: found.count(verdict) for verdict in COUNTED}
    said = [f"{n} {COUNTED[verdict][n > 1]}" for verdict, n in counts.items() if n]
    total = len(found.findings)
    if total == 1:
        return f"{found.findings[0].statement} Here, it {COUNTED[found.findings[0].verdict][0]}."
    return f"Of {total} statements, {enumeration(said)} here." if said else "Nothing was judged."


def amount(figure: Figure) -> str:
    """The value with its unit, or the text in its place."""
    if figure.value is None:
        return figure.text or numbers.MISSING
    if figure.unit == "s":
        return numbers.seconds(figure.value)
    if figure.unit == "share":
        return numbers.percent(figure.value)
    if figure.unit in ("steps", "times", "formats", "in PyTorch"):
        return f"{figure.value:,.0f} {figure.unit}"
    if figure.unit == "points":
        return f"{figure.value:+.2f} points"
    text = numbers.plain(figure.value)
    gap = "" if figure.unit.startswith("×") else " "
    return f"{text}{gap}{figure.unit}".strip()


def bounds(figure: Figure) -> str:
    """The interval: ``[1.2–1.4]``; empty without one."""
    if figure.low is None or figure.high is None or figure.low == figure.high:
        return ""
    shown = numbers.percent if figure.unit == "share" else numbers.plain
    return f"[{shown(figure.low)}–{shown(figure.high)}]"


def age(seconds: float) -> str:
    """``12 minutes``, roughly."""
    for size, unit in ((86_400.0, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def scripts(found: Claims) -> list[tuple[str, str, list[Script]]]:
    """Networks with the scripts of both frameworks: name, origin, scripts."""
    by: dict[tuple[str, str], list[Script]] = {}
    for one in found.scripts:
        by.setdefault((one.network, one.origin), []).append(one)
    return [(network, origin, own) for (network, origin), own in by.items()]


def versions(made_with: Sequence[tuple[str, str]]) -> str:
    """``torch 2.13.0, keras 3.15.1``."""
    return ", ".join(f"{name} {version}" for name, version in made_with)


def counts(used: Usage) -> list[str]:
    """What is counted in a script, as a row."""
    shown = numbers.count(used.before_result)
    figures = (used.statements, len(used.names), len(used.methods), len(used.namespaces))
    return [*map(str, figures), shown]


COLUMNS = ("statements", "API names", "methods", "namespaces", "before the first result")
"""Heads of `counts`."""
