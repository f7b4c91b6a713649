"""Pipelines of the user's own, for `isograd compare --feed`: alone, and feeding every mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from isograd.bench.workbench import Bench
from isograd.errors import IsogradError
from isograd.measure.process import WorkerProcess
from isograd.measure.schedule import MAX_STEPS, MIN_STEPS, ROUND_NS
from isograd.measure.worker_environment import worker_environment
from isograd.pipelines.fed import over_feed
from isograd.pipelines.feed import FeedReference
from isograd.progress import Progress
from isograd.run.fed import ROUNDS, measure_fed
from isograd.waiting import Fed, Feed


def feed_modes(
    references: Sequence[FeedReference],
    benches: Mapping[str, Bench],
    directory: Path,
    *,
    threads: int,
    timeout_s: float,
    progress: Progress,
) -> tuple[list[Feed], list[Fed]]:
    """Each pipeline in a process of its own, and then in a loop with each of its framework's modes.
    What the executors were trained to, and on, is lost. A pipeline that fails has the reason."""
    pairs = [
        (reference, bench)
        for reference in references
        for bench in benches.values()
        if bench.mode.framework == reference.framework
    ]
    progress.phase("feeding", len(references) + len(pairs))
    feeds = {}
    for reference in references:
        feeds[reference] = measure_alone(reference, directory, threads, timeout_s)
        progress.advance(reference.text)
    fed = []
    for reference, bench in pairs:
        fed.append(_feed(feeds[reference], reference, bench))
        progress.advance(f"{bench.mode.label}, {reference.text}")
    return list(feeds.values()), fed


def _feed(feed: Feed, reference: FeedReference, bench: Bench) -> Fed:
    step = bench.mode.step_us.median if bench.mode.step_us else None
    one = Fed(bench.mode.label, reference.text, feed.batch_us, step)
    if feed.status != "ok":
        one.reason = feed.reason
        return one
    return measure_fed(bench.executor, one, over_feed, reference)


def measure_alone(
    reference: FeedReference, directory: Path, threads: int, timeout_s: float
) -> Feed:
    """What a pipeline takes for a batch where nothing else is done, and in which lines."""
    feed = Feed(reference.framework, reference.text)
    logs = directory / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    name = f"feed-{reference.framework}"
    worker = WorkerProcess(
        logs / f"{name}.log",
        worker_environment("cpu", threads, logs / f"{name}-cache"),
        timeout_s=timeout_s,
        module="isograd.pipelines.worker",
    )
    try:
        worker.call("start", reference.framework, threads)
        worker.call("open_feed", reference)
        feed.batch_size = worker.call("size_of_a_batch")
        feed.batch_us = _batch_us(worker)
        feed.spots = worker.call("spots", reference)
    except IsogradError as error:
        feed.status = "failed"
        feed.reason = error.sentence(where=True)
    finally:
        worker.close()
    return feed


def _batch_us(worker: WorkerProcess) -> float:
    """The median over rounds, whose length follows from a first one."""
    first: float = worker.call("run", MIN_STEPS)[0]
    batches = min(max(int(ROUND_NS / max(first, 1.0)), MIN_STEPS), MAX_STEPS)
    return median(worker.call("run", batches)[0] for _ in range(ROUNDS)) / 1e3
