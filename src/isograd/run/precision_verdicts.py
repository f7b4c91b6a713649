"""What trainings in several precisions say: the same within the seeds' spread, and why slower."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from isograd.bench.training import apart, furthest_apart
from isograd.frontier import Training
from isograd.result import Verdict

MATRIX_UNIT, VECTOR_UNIT = "amx_bf16", "avx512_bf16"
"""The instruction sets with products of bfloat16: whole tiles, and one register at a time."""

NOT_TAKEN_APART = (
    "Against that stand casts of parameters and values at every step, and kernels that are less "
    "good in bfloat16; which of them costs most was not measured."
)


def judge(trainings: Sequence[Training], instructions: Collection[str]) -> None:
    """Writes deviations, verdicts and reasons into the records of one mode, float32's first.
    ``instructions`` are the processor's; empty where a GPU does the work."""
    plain, *lowered = trainings
    if plain.status != "ok":
        return
    spread = seeds_apart(plain.loss)
    plain.seed_spread = spread
    for training in lowered:
        if training.status != "ok":
            continue
        training.seed_spread = spread
        _compare(training, plain)
        if training.step and training.step.verdict == "slower":
            training.because = slower_because(training.precision, instructions)


def _compare(training: Training, plain: Training) -> None:
    """Seed by seed; a loss that stops being a number is another training."""
    if not _finite(plain.loss):
        training.verdict = "inconclusive"
        training.reason = "The loss in float32 is not finite to the end."
    elif not _finite(training.loss):
        training.verdict = "different"
        training.reason = f"The loss in {training.precision} is not finite to the end."
    else:
        pairs = zip(training.loss, plain.loss, strict=True)
        training.deviation = max(apart(a, b) for a, b in pairs)
        training.verdict = verdict(training.deviation, training.seed_spread)


def verdict(deviation: float, seed_spread: float | None) -> Verdict:
    """``equivalent`` where another precision changes the loss no more than another seed does.
    One seed has no spread to hold it against."""
    if seed_spread is None:
        return "inconclusive"
    return "equivalent" if deviation <= seed_spread else "different"


def seeds_apart(curves: Sequence[Sequence[float]]) -> float | None:
    """The largest distance between the loss curves of two seeds; None for a single one, or where a
    loss is not finite."""
    if len(curves) < 2 or not _finite(curves):
        return None
    return furthest_apart(curves)


def _finite(curves: Sequence[Sequence[float]]) -> bool:
    return all(np.isfinite(curve).all() for curve in curves)


def slower_because(precision: str, instructions: Collection[str]) -> str:
    """What the processor's instruction sets have to do with it; empty where they say nothing."""
    if precision != "bfloat16" or not instructions:
        return ""
    if MATRIX_UNIT in instructions:
        return (
            f"This processor multiplies bfloat16 in tiles ({MATRIX_UNIT}), which pays for large "
            f"products only. {NOT_TAKEN_APART}"
        )
    if VECTOR_UNIT in instructions:
        return (
            f"This processor has {VECTOR_UNIT}, with twice the products of float32 for each "
            f"instruction at best, and no {MATRIX_UNIT}. {NOT_TAKEN_APART}"
        )
    return (
        f"This processor has no instructions for bfloat16 (neither {VECTOR_UNIT} nor "
        f"{MATRIX_UNIT}): its products are float32's, with conversions around them."
    )
