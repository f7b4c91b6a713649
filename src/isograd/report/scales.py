"""Axes: from values to positions, and where the ticks stand."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Maps ``low``..``high`` onto ``start``..``stop`` (user units of an SVG), linearly or by
    logarithm. An empty range is widened, so that a single value has a place."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The position of a value, to a tenth of a unit; beyond the ends it stays on the edge."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        share = (at - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.stop - self.start), 1)

    def ticks(self) -> list[float]:
        """Round values inside the range: about five, or the powers of ten."""
        return _powers(self.low, self.high) if self.log else _even(self.low, self.high)


def _even(low: float, high: float, wanted: int = 5) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten; with fewer than three of them, 2 and 5 times those as well."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 2, 5)):
        found = [f * 10.0**e for e in exponents for f in factors]
        inside = [value for value in found if low * 0.999 <= value <= high * 1.001]
        if len(inside) > 2:
            break
    return inside
