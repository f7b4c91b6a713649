"""Step times as a restless machine gives them, without waiting for one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 9
STEP_NS = 1e6


@dataclass(frozen=True)
class Machine:
    """Standard deviations of log step times, and how often something gets in the way.

    ``drift`` hits all arms of a round alike: it wanders from round to round by a third of this and
    jumps by all of it. ``noise`` is each arm's own in each round, ``step`` each step's own.
    A disturbed round of one arm takes ``slow_round`` times as long, a disturbed step
    ``slow_step`` times. ``worker`` is each arm's own through all rounds, as where a process happens
    to lie in memory.
    """

    drift: float = 0.10
    noise: float = 0.02
    step: float = 0.05
    disturbed: float = 0.05
    slow_round: float = 1.5
    slow_step: float = 3.0
    worker: float = 0.0

    def rounds(
        self, generator: np.random.Generator, count: int, costs: Sequence[float]
    ) -> list[NDArray[np.float64]]:
        """Step times [rounds, steps] in ns for each arm; ``costs`` are their true ratios."""
        wander = np.cumsum(generator.normal(0.0, self.drift / 3, count))
        common = (wander + generator.normal(0.0, self.drift, count))[:, None]
        return [np.exp(common + self._own(generator, count)) * STEP_NS * cost for cost in costs]

    def _own(self, generator: np.random.Generator, count: int) -> NDArray[np.float64]:
        each_round = generator.normal(0.0, self.noise, (count, 1))
        each_round += np.log(self.slow_round) * (generator.random((count, 1)) < self.disturbed)
        each_step = generator.normal(0.0, self.step, (count, STEPS))
        each_step += np.log(self.slow_step) * (generator.random((count, STEPS)) < self.disturbed)
        return each_round + each_step + generator.normal(0.0, self.worker)


RESTLESS = Machine()
CALM = Machine(drift=0.02, noise=0.01, step=0.02, disturbed=0.0)
