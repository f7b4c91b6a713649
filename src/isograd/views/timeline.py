"""Where the time of a training step goes: stamps, and what the time between them belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter_ns

INSTRUMENTS = "instruments"
"""The phase of what stamping itself takes, as far as it can be seen from inside; no part of a step
that runs without stamps."""

Part = tuple[str, str]
"""Phase (``forward``, ``backward``, ``loss``, ``update``, ``batch``, ``python``) and node; the node
is empty where the time belongs to none."""

Parts = Mapping[Part, float]


class Timeline:
    """Keeps the nanoseconds of each part of each step; ``clock`` counts nanoseconds."""

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self.steps: list[dict[Part, int]] = []
        self._clock = clock
        self._parts: dict[Part, int] = {}
        self._last = 0

    def begin(self) -> None:
        """A step begins."""
        self._parts = {}
        self._last = self._clock()

    def spend(self, phase: str, node: str = "") -> None:
        """All since the last stamp belongs to this part."""
        now, part = self._clock(), (phase, node)
        self._parts[part] = self._parts.get(part, 0) + now - self._last
        self._last = now

    def finish(self) -> None:
        """The step ends; what no stamp has claimed is Python's."""
        self.spend("python")
        self.steps.append(self._parts)


@dataclass(frozen=True)
class Spent:
    """Microseconds of a typical step. ``parts`` sum to ``whole``; ``instruments`` come on top."""

    parts: Parts
    whole: float
    instruments: float

    def of(self, *phases: str) -> dict[str, float]:
        """Node to what it spends in these phases; what belongs to no node is under ``""``."""
        found: dict[str, float] = {}
        for (phase, node), value in self.parts.items():
            if phase in phases:
                found[node] = found.get(node, 0.0) + value
        return found


def typical(steps: Sequence[Mapping[Part, int]]) -> Spent:
    """The mean over those steps whose whole time is in the middle fifth, around the median.

    Medians of parts do not sum to the median of the whole, for each part has its slow steps at
    other times; the means over one set of steps do, and the slow steps are not in it. Raises
    `ValueError` where there is no step.
    """
    if not steps:
        raise ValueError("no step was stamped")
    ranked = sorted(steps, key=_whole)
    aside = 2 * len(ranked) // 5
    middle = ranked[aside : len(ranked) - aside]
    names = dict.fromkeys(part for step in middle for part in step)
    means = {name: sum(s.get(name, 0) for s in middle) / len(middle) / 1e3 for name in names}
    instruments = means.pop((INSTRUMENTS, ""), 0.0)
    return Spent(means, sum(means.values()), instruments)


def _whole(step: Mapping[Part, int]) -> int:
    return sum(value for (phase, _), value in step.items() if phase != INSTRUMENTS)
