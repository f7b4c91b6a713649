"""What a stamp takes that it cannot see of itself, measured on a network that is kept for that.

A stamp looks at the clock when it begins and when it ends. That it is called at all, and that the
call returns, takes time as well: more from C++ than from Python, and more between layers, where it
finds cold caches, than in a loop of its own. So it is measured in training steps, but never on the
network whose parts are to be freed of it.
"""

from __future__ import annotations

from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Linear, ReLU
from isograd.measure.parts import Stamped, Steady, SteadyStamped, Trains, all_rounds
from isograd.measure.schedule import ROUND_NS
from isograd.views.timeline import Stamped as StampedStep
from isograd.views.timeline import Unseen

DEPTH, WIDTH = 12, 192


def gauge() -> Graph:
    """The network that stamps are measured on: many layers, so that many stamps count."""
    b = Builder("gauge")
    x = b.input("x", ("N", WIDTH))
    for number in range(DEPTH):
        x = b(ReLU(), b(Linear(WIDTH), x, scope=f"layer{number}"))
    return b.finish(b(Linear(10), x, scope="head"))


def measure_unseen(
    plain: Trains,
    outer: Stamped,
    complete: Stamped,
    batch: NDArray[np.int64],
    *,
    budget_s: float,
    round_ns: float = ROUND_NS,
) -> Unseen:
    """Three executors of one step, in interleaved rounds: without stamps, with those outside of the
    backward pass alone, and with all. Raises `WorkerError` where a step fails."""
    without = Steady("without stamps", plain, batch)
    outside = SteadyStamped("stamps outside of the backward pass", outer, batch)
    everywhere = SteadyStamped("all stamps", complete, batch)
    rounds = all_rounds([without, outside, everywhere], budget_s=budget_s, round_ns=round_ns)
    bare = [1e3 * median(times) for times in rounds[without.label]]
    call = _extra(bare, outside.kept(rounds)) / _stamps(outside)
    in_backward = _stamps(everywhere, "backward")
    calls = call * (_stamps(everywhere) - in_backward)
    extra = _extra(bare, everywhere.kept(rounds))
    return Unseen(max(call, 0.0), max((extra - calls) / in_backward, 0.0))


def _extra(bare: list[float], stamped: list[list[StampedStep]]) -> float:
    """Nanoseconds by which all parts together exceed a step without stamps."""
    wholes = [median(step.whole for step in steps) for steps in stamped]
    return median(whole - alone for whole, alone in zip(wholes, bare, strict=True))


def _stamps(arm: SteadyStamped, *phases: str) -> float:
    """How many a step has."""
    counts = [step.stamps for steps in arm.rounds for step in steps]
    return fmean(sum(n for phase, n in one.items() if phase in (phases or one)) for one in counts)
