"""What a sweep comes to for one network: who is fastest with which batch size, and where one
overtakes the other. Plain records; `isograd.sweeping.races` fills them in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Quantity = Literal["step", "inference"]
"""What is timed: a training step, or a call in evaluation mode."""

QUANTITIES: tuple[Quantity, ...] = ("step", "inference")


@dataclass
class Point:
    """Time of ``a`` over that of ``b`` with one batch size, with its 95 % interval; ``winner`` is
    who is measurably faster, or empty."""

    batch: int
    ratio: float
    low: float
    high: float
    winner: str = ""


@dataclass
class Crossing:
    """From ``batch`` on, with its 95 % interval, ``after`` is faster than ``before``. ``between``
    are the measured batch sizes on both sides; that the ratio is straight between them, both on
    logarithmic scales, is assumed, and not part of the interval."""

    batch: float
    low: float
    high: float
    between: tuple[int, int]
    before: str
    after: str


@dataclass
class Duel:
    """Two contenders (or two frameworks, each with its fastest mode) over all batch sizes that both
    were measured with."""

    a: str
    b: str
    points: list[Point]
    crossings: list[Crossing] = field(default_factory=list)

    @property
    def winners(self) -> list[str]:
        """Who wins somewhere, in the order of batch sizes."""
        return list(dict.fromkeys(point.winner for point in self.points if point.winner))


@dataclass
class Standing:
    """With this batch size, ``fastest`` takes the least time; ``rivals`` are not measurably
    slower."""

    batch: int
    fastest: str
    rivals: list[str] = field(default_factory=list)


@dataclass
class Race:
    """One network and quantity.

    ``times`` are microseconds by contender and batch size: the baseline's time there, with the
    ratio that was measured in turns with it, so that what drifted from one cell to the next is not
    in their order. ``modes`` holds who wins with the smallest batch against who wins with the
    largest; ``frameworks`` the two frameworks, each with its fastest mode. ``noise`` is what two
    processes of one program differ by (root mean square, as a fraction), learnt from ``pairs`` of
    them.
    """

    model: str
    quantity: Quantity
    standings: list[Standing]
    times: dict[str, dict[int, float]]
    modes: Duel | None = None
    frameworks: Duel | None = None
    noise: float = 0.0
    pairs: int = 0
