"""How frameworks, modes and verdicts are called and told apart in every report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from isograd.result import Mode

TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX"}
"""What a framework calls itself; any other is shown by its folder's name."""

ACCENTS = {"torch": "orange", "tensorflow": "blue"}
"""One hue for each framework, the one people know it by."""

SPARE_ACCENTS = ("green", "purple")

SHADES = 4
"""Shades, and dash patterns, within one hue; both repeat beyond."""

SYMBOLS = {"equivalent": "✓", "different": "≠", "inconclusive": "?", "unsupported": "∅"}
"""One sign for each verdict, so that colour is never the only carrier."""


@dataclass(frozen=True)
class Look:
    """How one mode's marks are drawn: hue of the framework, shade and dashes of the mode."""

    accent: str
    shade: int


def title(framework: str) -> str:
    """``PyTorch`` for ``torch``."""
    return TITLES.get(framework, framework)


def full_name(mode: Mode) -> str:
    """``PyTorch compile``."""
    return f"{title(mode.framework)} {mode.mode}"


def enumeration(items: Iterable[str]) -> str:
    """``a, b and c``."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def looks(modes: Iterable[Mode]) -> dict[str, Look]:
    """Label to look. Shades are dealt out in the order of the modes."""
    accents: dict[str, str] = {}
    used: dict[str, int] = {}
    found: dict[str, Look] = {}
    for mode in modes:
        spare = SPARE_ACCENTS[len(accents) % len(SPARE_ACCENTS)]
        accent = accents.setdefault(mode.framework, ACCENTS.get(mode.framework, spare))
        found[mode.label] = Look(accent, used.get(accent, 0) % SHADES)
        used[accent] = used.get(accent, 0) + 1
    return found
