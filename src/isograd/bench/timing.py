"""Step times of all modes: A/A pairs, interleaved rounds, ratios to the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from isograd.bench.workbench import Bench
from isograd.errors import WorkerError
from isograd.measure.process import RemoteExecutor
from isograd.measure.schedule import MIN_ROUNDS, Measurement
from isograd.measure.schedule import measure as measure_arms
from isograd.measure.stats import interval, noise_floor, ratio
from isograd.progress import Progress
from isograd.result import Comparison, Mode, Result


class StepArm:
    """Training steps of one executor, for the schedule; walks through the batches round and round.
    One call of it makes ``per_call`` steps."""

    def __init__(
        self, executor: RemoteExecutor, batches: NDArray[np.int64], label: str, per_call: int = 1
    ) -> None:
        self.label = label
        self.executor, self.per_call = executor, per_call
        self._batches = batches
        self._position = 0
        self._steps = 0
        self._faults_before: int | None = None

    def run(self, steps: int) -> Sequence[float]:
        """Nanoseconds of each of the next ``steps`` steps, rounded up to whole calls.

        Raises `WorkerError` when something was compiled again meanwhile: such times mean nothing.
        """
        steps = -(-steps // self.per_call) * self.per_call
        rows = (self._position + np.arange(steps)) % len(self._batches)
        self._position = int((rows[-1] + 1) % len(self._batches))
        if not self._steps:
            self._faults_before = self.executor.page_faults()
        self._steps += steps
        before = self.executor.compilations()
        taken = self.executor.train(self._batches[rows]).nanoseconds
        if self.executor.compilations() != before:
            raise WorkerError(f"{self.label} compiled again inside the timed region.")
        return [float(n) for n in taken]

    @property
    def page_faults(self) -> float | None:
        """Pages that a step took from the system since the first; None where that is not known."""
        after = self.executor.page_faults()
        if after is None or self._faults_before is None:
            return None
        return (after - self._faults_before) / self._steps


def measure_steps(
    benches: Sequence[Bench],
    copies: Sequence[Bench],
    batches: NDArray[np.int64],
    result: Result,
    *,
    budget_s: float,
    progress: Progress,
) -> Measurement:
    """Measures all benches in interleaved rounds and writes intervals, ratios, verdicts and the
    noise floor into ``result``. ``copies`` are second workers of modes that are among the benches:
    identical code, so that whatever the pair differs by is noise.
    """
    own_arms = [_arm(bench, batches, bench.mode.label) for bench in benches]
    arms = own_arms + [_arm(copy, batches, _copy_label(copy.mode)) for copy in copies]
    progress.phase("measuring", MIN_ROUNDS)
    found = measure_arms(arms, budget_s=budget_s, on_round=lambda _: progress.advance())
    rounds = found.rounds
    pairs = [
        ratio(_copy_label(copy.mode), copy.mode.label, rounds[_copy_label(copy.mode)], own)
        for copy in copies
        if (own := rounds.get(copy.mode.label)) and _copy_label(copy.mode) in rounds
    ]
    result.noise_floor = noise_floor(pairs) if pairs else None
    noise = result.noise_floor.fraction if result.noise_floor else 0.0
    for bench, arm in zip(benches, own_arms, strict=True):
        samples = rounds.get(bench.mode.label)
        if samples:
            bench.mode.samples = samples
            bench.mode.step_us = interval(samples)
            bench.mode.compilations = bench.executor.compilations()
            bench.mode.page_faults = arm.page_faults
    result.comparisons = _comparisons([bench.mode for bench in benches], result.reference, noise)
    return found


def _comparisons(modes: Sequence[Mode], reference: str, noise: float) -> list[Comparison]:
    """Every mode against the reference first, then every other pair; each measured directly."""
    measured = sorted((mode for mode in modes if mode.samples), key=lambda m: m.label != reference)
    found = []
    for j, b in enumerate(measured):
        for a in measured[j + 1 :]:
            found.append(ratio(a.label, b.label, a.samples, b.samples, noise))
            if b.label == reference:
                a.speed = found[-1].verdict
    return found


def _arm(bench: Bench, batches: NDArray[np.int64], label: str) -> StepArm:
    return StepArm(bench.executor, batches, label, bench.setting.steps_per_call)


def _copy_label(mode: Mode) -> str:
    return f"{mode.label} (again)"


def copy_of(mode: Mode) -> Mode:
    """A mode record for a second worker of the same mode."""
    return replace(mode, samples=[], curves=[], proof=None)
