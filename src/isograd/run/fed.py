"""Does a network wait for its data? Measured in loops that pipelines feed, mode by mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from isograd.bench.workbench import Setting, Workbench
from isograd.errors import IsogradError
from isograd.measure.process import RemoteExecutor
from isograd.measure.schedule import MAX_STEPS, MIN_STEPS, ROUND_NS
from isograd.measure.stats import typical
from isograd.models import Model
from isograd.progress import Progress
from isograd.result import Mode
from isograd.training import Recipe
from isograd.waiting import Fed, verdict_of

ROUNDS, MOST_ROUNDS = 6, 30
"""Rounds of a loop: as few as an interval can be had from, and how many it may take to decide."""


@dataclass(frozen=True)
class Network:
    """A network, how it is trained, and in which modes; all of them if none is named."""

    model: Model
    recipe: Recipe
    modes: tuple[str, ...] = ()
    threads: int = 1


@dataclass(frozen=True)
class Job:
    """A pipeline for a loop: its id, what it takes for a batch alone, and what opens the loop in
    the mode's process (see `isograd.pipelines.fed`)."""

    pipeline: str
    batch_us: float
    opener: Callable[..., Any]
    arguments: tuple[object, ...]

    @property
    def framework(self) -> str:
        """Empty for arrays in memory, which feed every framework."""
        framework, slash, _ = self.pipeline.partition("/")
        return framework if slash else ""


def feed_network(
    network: Network, jobs: Sequence[Job], found: list[Fed], directory: Path, progress: Progress
) -> None:
    """Adds to ``found`` what each mode shows in loops that the pipelines of its framework feed; the
    step on data in memory is the one in the loop that arrays in memory feed."""
    setting = Setting(network.model.graph, network.recipe, directory, threads=network.threads)
    bench = Workbench(setting, network.modes)
    todo = {m.label: [j for j in jobs if j.framework in ("", m.framework)] for m in bench.modes}
    progress.phase("feeding", sum(map(len, todo.values())))
    for mode in bench.modes:
        try:
            bench.start(mode)
            _feed_mode(bench, mode, network.model, todo[mode.label], found, progress)
        finally:
            bench.close()
            bench.benches.clear()


def _feed_mode(
    bench: Workbench,
    mode: Mode,
    model: Model,
    jobs: Sequence[Job],
    found: list[Fed],
    progress: Progress,
) -> None:
    step_us = None
    for job in jobs:
        one = Fed(mode.label, job.pipeline, job.batch_us, step_us, reason=mode.reason)
        found.append(one)
        if mode.label in bench.benches:
            bench.benches[mode.label].side().set_state(model.initial_state(0))
            executor = bench.benches[mode.label].executor
            measure_fed(executor, one, job.opener, *job.arguments)
            if not job.framework:
                step_us = one.step_us = one.fed_step_us
        progress.advance(f"{mode.label}, {job.pipeline}")


def measure_fed(
    executor: RemoteExecutor, fed: Fed, opener: Callable[..., Any], *arguments: Any
) -> Fed:
    """Fills in what a loop shows; where it cannot run, the reason. The executor's data and state
    are not what they were."""
    try:
        executor.open_loop(opener, *arguments)
    except IsogradError as error:
        fed.reason = error.sentence(where=True)
        return fed
    try:
        turns, rounds = _rounds(executor)
    except IsogradError as error:
        fed.reason = error.sentence(where=True)
        return fed
    finally:
        executor.close_loop()
    found = typical(shares(rounds))
    fed.fed_step_us = median(step for _, step in rounds) / turns / 1e3
    fed.waits, fed.low, fed.high = found.median, found.low, found.high
    fed.verdict = verdict_of(found.low, found.high)
    return fed


def _rounds(executor: RemoteExecutor) -> tuple[int, list[tuple[int, int]]]:
    """How many turns a round has, and the nanoseconds of waiting and of steps in each; after one
    for whatever is compiled at first, and one that shows how long a turn takes. There are more
    rounds where few leave the verdict open: a disturbed one then counts for less."""
    executor.run_loop(1)
    waited, stepped = executor.run_loop(MIN_STEPS)
    turn = max((waited + stepped) / MIN_STEPS, 1.0)
    turns = min(max(int(ROUND_NS / turn), MIN_STEPS), MAX_STEPS)
    rounds: list[tuple[int, int]] = []
    while len(rounds) < MOST_ROUNDS:
        rounds += [executor.run_loop(turns) for _ in range(ROUNDS)]
        found = typical(shares(rounds))
        if verdict_of(found.low, found.high) != "inconclusive":
            break
    return turns, rounds


def shares(rounds: Sequence[tuple[int, int]]) -> list[float]:
    """The share of waiting in each round."""
    return [wait / (wait + step) for wait, step in rounds]
