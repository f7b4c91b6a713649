"""What a user wants of a form: ``accuracy>=0.97, latency<1ms, size<100kB``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from isograd.errors import UsageError, unknown
from isograd.frontier import Point

EXAMPLE = 'Write for example "accuracy>=0.97, latency<1ms, size<100kB".'

FRACTIONS = {"": 1.0, "%": 0.01}
MILLISECONDS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}
SECONDS = {"ms": 1e-3, "s": 1.0}
BYTES = {
    "b": 1.0,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
}
MEBIBYTES = {unit: size / 2**20 for unit, size in BYTES.items()}
NUMBER = {"": 1.0}


@dataclass(frozen=True)
class Quantity:
    """Something that a form has: how to read it, the units it may be given in, whether less of it
    is better, and whether it is one of a batch size."""

    read: Callable[[Point, int], float | None]
    units: Mapping[str, float]
    less: bool
    batched: bool = False


def _latency(point: Point, batch: int) -> float | None:
    found = point.latency(batch)
    return found.p50_ms if found else None


def _throughput(point: Point, batch: int) -> float | None:
    found = point.latency(batch)
    return found.throughput if found else None


QUANTITIES: dict[str, Quantity] = {
    "accuracy": Quantity(lambda point, _: point.quality, FRACTIONS, less=False),
    "quality": Quantity(lambda point, _: point.quality, FRACTIONS, less=False),
    "agreement": Quantity(lambda point, _: point.agreement, FRACTIONS, less=False),
    "lost": Quantity(lambda point, _: point.lost, NUMBER, less=True),
    "latency": Quantity(_latency, MILLISECONDS, less=True, batched=True),
    "throughput": Quantity(_throughput, NUMBER, less=False, batched=True),
    "size": Quantity(lambda point, _: point.size, BYTES, less=True),
    "memory": Quantity(lambda point, _: point.peak_memory_mb, MEBIBYTES, less=True),
    "cold": Quantity(lambda point, _: point.cold_start_s, SECONDS, less=True),
}
"""Word to quantity. ``latency`` is the median with the first batch size, ``latency@8`` with 8;
``lost`` are points of quality (hundredths) below the baseline, ``cold`` the cold start."""


@dataclass(frozen=True)
class Bound:
    """``quantity`` has to be below (or, where more is better, above) ``limit``, in its record's
    unit; where ``strict``, not the limit itself."""

    quantity: str
    batch: int
    limit: float
    strict: bool

    def meets(self, point: Point) -> bool:
        """Whether a measured form is within the bound; one without the figure is not."""
        quantity = QUANTITIES[self.quantity]
        value = quantity.read(point, self.batch)
        if value is None or not math.isfinite(value):
            return False
        if value == self.limit:
            return not self.strict
        return value < self.limit if quantity.less else value > self.limit


@dataclass(frozen=True)
class Target:
    """Bounds that all have to be met, and the text that they were written in."""

    text: str
    bounds: tuple[Bound, ...]

    def reached(self, point: Point) -> bool:
        """Whether a form meets all bounds, and is what it should be."""
        sound = point.status == "ok" and point.verdict != "different"
        return sound and all(bound.meets(point) for bound in self.bounds)

    def limit(self, quantity: str) -> float | None:
        """The tightest limit of a quantity of which less is better, if there is one."""
        return min((b.limit for b in self.bounds if b.quantity == quantity), default=None)


PATTERN = re.compile(
    r"(?P<name>[a-z]+)(@(?P<batch>\d+))?\s*(?P<sign><=|>=|<|>|=+)\s*"
    r"(?P<number>[\d.]+(e[-+]?\d+)?)\s*(?P<unit>[a-zµ%]*)"
)
"""``latency@8 < 1.5 ms``"""


def parse_target(text: str, batches: tuple[int, ...]) -> Target:
    """Reads a target; ``batches`` are the batch sizes that are measured.

    Raises `UsageError` for what is no bound, for a unit that a quantity does not have, and for a
    direction in which nobody wants to go.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UsageError("The target is empty.", hint=EXAMPLE)
    return Target(text, tuple(_bound(word, batches) for word in words))


def _bound(text: str, batches: tuple[int, ...]) -> Bound:
    found = PATTERN.fullmatch(text.strip().replace("μ", "µ").lower())
    if not found:
        raise UsageError(f"{text!r} is no bound of a target.", hint=EXAMPLE)
    name, sign = found["name"], found["sign"]
    if name not in QUANTITIES:
        raise unknown("quantity of a target", name, QUANTITIES)
    quantity = QUANTITIES[name]
    right = "<" if quantity.less else ">"
    if not sign.startswith(right):
        wanted = "less" if quantity.less else "more"
        raise UsageError(
            f"{text!r}: of {name}, {wanted} is better.",
            hint=f"Write {name}{right}{found['number']}{found['unit']}.",
        )
    limit = _number(text, found["number"]) * _unit(name, found["unit"], quantity)
    return Bound(name, _batch(text, found["batch"], quantity, batches), limit, sign == right)


def _number(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{number!r} in {text!r} is no number.", hint=EXAMPLE)
    return value


def _unit(name: str, unit: str, quantity: Quantity) -> float:
    if unit not in quantity.units:
        known = ", ".join(filter(None, quantity.units))
        given = f"{unit!r} is no unit of {name}" if unit else f"{name} needs a unit"
        raise UsageError(f"{given}.", hint=f"Known: {known}." if known else "It takes none.")
    return quantity.units[unit]


def _batch(text: str, batch: str | None, quantity: Quantity, batches: tuple[int, ...]) -> int:
    if batch is None:
        return batches[0]
    if not quantity.batched:
        raise UsageError(f"{text!r}: this does not depend on the batch size.")
    if int(batch) not in batches:
        raise UsageError(
            f"{text!r}: batches of {batch} are not measured.", hint=f"Add {batch} to --batch."
        )
    return int(batch)
