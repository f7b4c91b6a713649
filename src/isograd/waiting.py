"""Whether a network waits for its data: what `isograd data` and `isograd compare` say about it.

Times are microseconds (``_us``); shares are fractions of 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

WAITS = 0.1
"""A network is fed where it waits for less than this share of a training loop's time. What comes
on top of a step is then at most a ninth of it."""

WaitVerdict = Literal["fed", "waits", "inconclusive", "could not run"]


@dataclass
class Fed:
    """One mode in a loop that a pipeline feeds. ``waits`` is the share of time spent in getting the
    next batch, over that and the step, with the interval ``low`` to ``high`` over rounds;
    ``batch_us`` is what the pipeline takes for a batch on its own, ``step_us`` a step on data in
    memory, ``fed_step_us`` one in the loop, beside the pipeline. ``computed`` is the share that the
    first two come to where nothing overlaps."""

    mode: str
    pipeline: str
    batch_us: float | None = None
    step_us: float | None = None
    fed_step_us: float | None = None
    waits: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: WaitVerdict = "could not run"
    reason: str = ""

    @property
    def computed(self) -> float | None:
        """The share without any overlap."""
        if not self.batch_us or not self.step_us:
            return None
        return self.batch_us / (self.batch_us + self.step_us)


def verdict_of(low: float, high: float) -> WaitVerdict:
    """What an interval of the share says."""
    if high < WAITS:
        return "fed"
    return "waits" if low >= WAITS else "inconclusive"


@dataclass
class Spot:
    """A line of the user's code that a pipeline's time goes into: ``where`` is ``file:line``,
    ``function`` holds it, ``share`` of the time the pipeline was in it."""

    where: str
    function: str
    share: float


@dataclass
class Feed:
    """A pipeline of the user's own. ``text`` is how it was named, ``batch_us`` what it takes for a
    batch on its own, ``batch_size`` how many items that has; ``spots`` are where that goes,
    the longest first."""

    framework: str
    text: str
    status: str = "ok"
    reason: str = ""
    batch_size: int | None = None
    batch_us: float | None = None
    spots: list[Spot] = field(default_factory=list)
