"""Step times of methods and modes, in turns: what one method takes beside another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isograd.bench.timing import StepArm, copy_of
from isograd.bench.workbench import Bench
from isograd.measure.schedule import MIN_ROUNDS, measure
from isograd.measure.stats import interval, noise_floor, ratio
from isograd.progress import Progress
from isograd.result import Comparison
from isograd.run.tuning import Attempt
from isograd.tuning import Tuning


def arm_name(method: str, mode: str) -> str:
    """``lora-8 torch/eager``: how a method in a mode is called in comparisons."""
    return f"{method} {mode}"


def compare_steps(
    found: Tuning, attempts: Sequence[Attempt], *, budget_s: float, progress: Progress
) -> None:
    """Times a step of every method in every mode, and of a second worker of the first one, which is
    all alike: what the two differ by is noise. Writes ratios between the methods of each mode, and
    between each mode and the reference, into ``found``."""
    first = attempts[0]
    arms = [_arm(attempt, one) for attempt in attempts for one in attempt.bench.alive]
    copy = _second(first)
    try:
        again = _arm(first, copy, suffix=" (again)")
        progress.phase("measuring", MIN_ROUNDS)
        taken = measure(
            [*arms, again], budget_s=budget_s, on_round=lambda number: progress.advance()
        )
    finally:
        copy.close()
    rounds = taken.rounds
    if again.label in rounds and arms[0].label in rounds:
        pair = ratio(again.label, arms[0].label, rounds[again.label], rounds[arms[0].label])
        found.noise_floor = noise_floor([pair])
    found.step_us = {
        arm.label: interval(rounds[arm.label]).median for arm in arms if arm.label in rounds
    }
    found.comparisons = list(_ratios(found, attempts, rounds))
    if taken.partial:
        raise KeyboardInterrupt


def _ratios(
    found: Tuning, attempts: Sequence[Attempt], rounds: dict[str, list[list[float]]]
) -> list[Comparison]:
    """Each method over the first one in the same mode, each mode over the reference."""
    noise = found.noise_floor.fraction if found.noise_floor else 0.0
    first, pairs = attempts[0].method.name, []
    for attempt in attempts:
        for one in attempt.bench.alive:
            name, mode = attempt.method.name, one.mode.label
            if name != first:
                pairs.append((arm_name(name, mode), arm_name(first, mode)))
            if mode != found.reference:
                pairs.append((arm_name(name, mode), arm_name(name, found.reference)))
    return [
        ratio(a, b, rounds[a], rounds[b], noise) for a, b in pairs if a in rounds and b in rounds
    ]


def _second(attempt: Attempt) -> Bench:
    """Another worker of the reference, with the same data and weights."""
    bench = attempt.bench.reference
    copy = Bench(bench.setting, copy_of(bench.mode), bench.emitted, tag="-again")
    copy.start()
    copy.side().load_data(attempt.material.inputs, attempt.material.targets)
    copy.side().set_state(attempt.starts[0].weights)
    return copy


def _arm(attempt: Attempt, bench: Bench, suffix: str = "") -> StepArm:
    size = attempt.material.recipe.batch_size
    batches = attempt.starts[0].order.reshape(-1, size)
    label = arm_name(attempt.method.name, bench.mode.label) + suffix
    return StepArm(bench.executor, np.ascontiguousarray(batches), label)
