"""Numbers as people read them: a unit, and only the digits that the interval supports."""

from __future__ import annotations

import math

from isograd.result import Interval

MISSING = "–"
"""Stands where there is no number; the reason is given beside it."""

TIME_UNITS = ((1e6, "s"), (1e3, "ms"), (1.0, "µs"))
"""Microseconds in each unit, largest first."""

WRITTEN_OUT = (
    *("no", "one", "two", "three", "four", "five"),
    *("six", "seven", "eight", "nine", "ten"),
)
"""Whole numbers from 0 on that sentences have as words."""

MOST_DIGITS = 4
"""No timing on a computer that does other things as well supports more significant digits."""


def decimals(value: float, width: float) -> int:
    """Digits after the point (negative: before it) for a value known to within ``width``.

    The last digit shown is the first digit of the width, so that 411.7 within 5 is 412. At least
    two significant digits of the value are kept, and at most `MOST_DIGITS`.
    """
    if not math.isfinite(value) or value == 0:
        return 0
    leading = math.floor(math.log10(abs(value)))
    wanted = -math.floor(math.log10(width)) if width > 0 and math.isfinite(width) else 2 - leading
    return min(max(wanted, 1 - leading), MOST_DIGITS - 1 - leading)


def fixed(value: float, places: int) -> str:
    """A number with so many digits after the point; a negative count rounds before the point."""
    if not math.isfinite(value):
        return MISSING
    return f"{round(value, places):,.{max(places, 0)}f}"


def plain(value: float | None, digits: int = 3) -> str:
    """A number without a unit, to so many significant digits."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:.{digits}g}"


def scientific(value: float | None, digits: int = 12) -> str:
    """A number with sign and exponent, to so many significant digits: figures to be compared."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:+.{digits - 1}e}"


def time(microseconds: float | None) -> str:
    """A time to three significant digits: ``412 µs``, ``1.84 s``."""
    if microseconds is None or not math.isfinite(microseconds):
        return MISSING
    size, unit = _unit(microseconds)
    value = microseconds / size
    return f"{fixed(value, decimals(value, 0.0))} {unit}"


def tick_time(microseconds: float) -> str:
    """A time on an axis, where values are round: ``10 s``."""
    size, unit = _unit(microseconds)
    value = float(f"{microseconds / size:.3g}")
    return f"{value:,g} {unit}" if value else "0"


def seconds(value: float | None) -> str:
    """A time given in seconds, with the unit that suits it."""
    return time(None if value is None else value * 1e6)


def time_range(interval: Interval | None) -> tuple[str, str]:
    """Median with unit, and interval: ``("412 µs", "[410–415]")``."""
    if interval is None or not math.isfinite(interval.median):
        return MISSING, ""
    size, unit = _unit(interval.median)
    median, low, high = (x / size for x in (interval.median, interval.low, interval.high))
    text, bounds = _range(median, low, high)
    return f"{text} {unit}", bounds


def ratio_range(ratio: float, low: float, high: float) -> tuple[str, str]:
    """A ratio and its interval: ``("1.43×", "[1.41–1.45]")``."""
    if not math.isfinite(ratio):
        return MISSING, ""
    text, bounds = _range(ratio, low, high)
    return f"{text}×", bounds


def multiple(value: float) -> str:
    """How many times over: ``0.6×``, ``31×``, ``3.1e4×``."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞×"
    if value == 0:
        return "0×"
    if value < 0.05:
        return "<0.1×"
    if value < 9.95:
        return f"{value:.1f}×"
    if value < 9999.5:
        return f"{value:.0f}×"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}×"


def percent(fraction: float | None, spread: float = 0.0) -> str:
    """A fraction as a percentage, with the digits that the spread over seeds supports; one digit
    after the point where there is no spread to go by."""
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    places = decimals(fraction * 100, spread * 100) if spread > 0 else 1
    return f"{fixed(fraction * 100, min(max(places, 0), 2))}%"


def memory(mebibytes: float | None) -> str:
    """``512 MiB``."""
    if mebibytes is None or not math.isfinite(mebibytes):
        return MISSING
    return f"{mebibytes:,.0f} MiB"


def size(value: float | None) -> str:
    """Bytes in the unit that suits them: ``3.5 KiB``."""
    if value is None or not math.isfinite(value):
        return MISSING
    power = min(max(int(math.log2(abs(value) or 1) // 10), 0), 3)
    scaled, unit = value / 1024**power, ("B", "KiB", "MiB", "GiB")[power]
    return f"{fixed(scaled, decimals(scaled, 0.0) if power else 0)} {unit}"


def count(value: int | None) -> str:
    """``12,400``."""
    return MISSING if value is None else f"{value:,}"


def _unit(microseconds: float) -> tuple[float, str]:
    for size, unit in TIME_UNITS:
        if abs(microseconds) >= size:
            return size, unit
    return TIME_UNITS[-1]


def _range(value: float, low: float, high: float) -> tuple[str, str]:
    places = decimals(value, high - low)
    return fixed(value, places), f"[{fixed(low, places)}–{fixed(high, places)}]"
