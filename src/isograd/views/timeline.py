"""Where the time of a training step goes: stamps, and what the time between them belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean as mean
from time import perf_counter_ns

Part = tuple[str, str]
"""Phase (``forward``, ``backward``, ``loss``, ``update``, ``batch``, ``python``) and node; the node
is empty where the time belongs to none."""


@dataclass(frozen=True)
class Unseen:
    """Nanoseconds that a stamp takes outside of what it can see of itself: getting there, and back.
    ``backward`` are those of stamps in the backward pass, which frameworks call by ways of their
    own (see `isograd.measure.stamps`)."""

    call: float = 0.0
    backward: float = 0.0

    def of(self, phase: str) -> float:
        return self.backward if phase == "backward" else self.call


@dataclass(frozen=True)
class Stamped:
    """One step. ``parts`` are nanoseconds; ``instruments`` are those that stamping itself took, as
    far as it is known, and are in no part. ``stamps`` counts the stamps of each phase."""

    parts: dict[Part, float]
    instruments: float = 0
    stamps: Mapping[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> float:
        """All but the instruments."""
        return sum(self.parts.values())


class Timeline:
    """Keeps the nanoseconds of each part of each step; ``clock`` counts nanoseconds. As little as
    possible is done while a step runs. What is ``unseen`` of the stamps is taken out of the parts.
    """

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self.unseen = Unseen()
        self._clock = clock
        self._steps: list[tuple[list[tuple[Part, int]], int]] = []
        self._spent: list[tuple[Part, int]] = []
        self._begin = self._last = 0

    def begin(self) -> None:
        """A step begins."""
        self._spent = []
        self._begin = self._last = self._clock()

    def spend(self, phase: str, node: str = "") -> None:
        """All since the last stamp belongs to this part."""
        self._spent.append(((phase, node), self._clock() - self._last))
        self._last = self._clock()

    def skip(self) -> None:
        """All since the last stamp went into stamping."""
        self._last = self._clock()

    def finish(self) -> None:
        """The step ends; what no stamp has claimed is Python's."""
        self.spend("python")
        self._steps.append((self._spent, self._last - self._begin))

    def taken(self) -> list[Stamped]:
        """The steps so far, which are then forgotten."""
        steps, self._steps = self._steps, []
        return [_stamped(spent, whole, self.unseen) for spent, whole in steps]


def _stamped(spent: Sequence[tuple[Part, int]], whole: int, unseen: Unseen) -> Stamped:
    parts: dict[Part, float] = {}
    for part, nanoseconds in spent:
        parts[part] = parts.get(part, 0.0) + nanoseconds - unseen.of(part[0])
    stamps = Counter(phase for (phase, _), _ in spent)
    return Stamped(parts, whole - sum(parts.values()), stamps)


@dataclass(frozen=True)
class Spent:
    """Microseconds of a typical step. ``parts`` sum to ``whole``; ``instruments`` come on top."""

    parts: dict[Part, float]
    whole: float
    instruments: float

    def of(self, *phases: str) -> dict[str, float]:
        """Node to what it spends in these phases; what belongs to no node is under ``""``."""
        found: dict[str, float] = {}
        for (phase, node), value in self.parts.items():
            if phase in phases:
                found[node] = found.get(node, 0.0) + value
        return found


def typical(steps: Sequence[Stamped]) -> Spent:
    """The mean over those steps whose whole time is in the middle fifth, around the median.

    Medians of parts do not sum to the median of the whole, for each part has its slow steps at
    other times; the means over one set of steps do, and the slow steps are not in it. Raises
    `ValueError` where there is no step.
    """
    if not steps:
        raise ValueError("no step was stamped")
    ranked = sorted(steps, key=lambda step: step.whole)
    aside = 2 * len(ranked) // 5
    middle = ranked[aside : len(ranked) - aside]
    names = dict.fromkeys(part for step in middle for part in step.parts)
    means = {name: mean(step.parts.get(name, 0) for step in middle) / 1e3 for name in names}
    return Spent(means, sum(means.values()), mean(step.instruments for step in middle) / 1e3)
