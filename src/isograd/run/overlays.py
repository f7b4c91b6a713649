"""Time, memory and error of each layer: what the views are coloured by."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from isograd.errors import IsogradError
from isograd.frameworks import MODES, installed
from isograd.measure.stamps import gauge
from isograd.models import Model
from isograd.progress import SILENT, Progress
from isograd.proof import make_trial
from isograd.run.overlaid import (
    Gauge,
    configure,
    measure_errors,
    measure_memory,
    measure_time,
)
from isograd.run.step import Step, make_subject, worker_for
from isograd.training import Recipe
from isograd.views.document import Overlay

BUDGET_S = 5.0
"""Seconds that the steps of one framework are timed, at least `MIN_ROUNDS` rounds."""

GAUGE_BATCH = 32

Measured = Callable[[], list[Overlay]]


def overlays(
    step: Step,
    frameworks: Sequence[str] = tuple(MODES),
    *,
    budget_s: float = BUDGET_S,
    progress: Progress = SILENT,
) -> list[Overlay]:
    """What is measured of each layer in eager mode.

    ``time`` (``forward time``, ``backward time``) and ``memory`` for each framework, in a process
    of its own; ``forward error`` and ``backward error`` where two frameworks are asked for. What
    cannot be measured is kept with the reason.
    """
    there = [framework for framework in frameworks if installed(framework)]
    pairs = len(there) > 1
    progress.phase("overlays", 2 * len(there) + pairs)
    found: list[Overlay] = []
    with tempfile.TemporaryDirectory(prefix="isograd-") as name:
        folder = Path(name)
        for framework in there:
            for label, measured in _of_one(step, framework, folder, budget_s):
                found += measured
                progress.advance(f"{framework} {label}")
        if pairs:
            found += _errors(step, there, folder)
            progress.advance("error")
    return found


def _of_one(
    step: Step, framework: str, folder: Path, budget_s: float
) -> Iterator[tuple[str, list[Overlay]]]:
    """Memory first: a process remembers its peak."""
    plain = make_subject(step, framework, folder, marked=False)
    marked = make_subject(step, framework, folder)
    stamps = make_gauge(step, framework, folder)
    with _worker(step, framework, folder) as call:
        held = partial(call, measure_memory, framework, plain, marked)
        yield "memory", _kept([framework], "memory", "bytes", held)
        timed = partial(call, measure_time, framework, plain, marked, stamps, budget_s)
        yield "time", _kept([framework], "time", "us", timed)


def make_gauge(step: Step, framework: str, folder: Path) -> Gauge:
    """What stamps are measured on, trained as the step is."""
    model = Model(gauge(), "gauge")
    recipe = Recipe("cross_entropy", step.recipe.optimizer, GAUGE_BATCH)
    state = model.initial_state(0)
    trial = make_trial(model.graph, recipe, None, 0, state, model.bounds, recorded=(1,))
    own = replace(step, model=model, recipe=recipe, trial=trial)
    place = folder / "gauge"
    place.mkdir(exist_ok=True)
    return Gauge(
        make_subject(own, framework, place, marked=False), make_subject(own, framework, place)
    )


def _errors(step: Step, frameworks: Sequence[str], folder: Path) -> list[Overlay]:
    graph, recipe, trial = step.model.graph, step.recipe, step.trial
    with _worker(step, frameworks[0], folder) as call:
        for twin in frameworks[1:]:
            call(configure, twin, step.threads)
        measured = partial(call, measure_errors, tuple(frameworks), graph, recipe, trial)
        return _kept(frameworks, "forward error", "envelopes", measured)


@contextmanager
def _worker(step: Step, framework: str, folder: Path) -> Iterator[Callable[..., Any]]:
    """Calls functions in a process in which the framework has been set up."""
    worker = worker_for(step, framework, folder)
    try:
        yield partial(worker.call, "run")
    finally:
        worker.close()


def _kept(frameworks: Sequence[str], quantity: str, unit: str, measured: Measured) -> list[Overlay]:
    try:
        return measured()
    except IsogradError as error:
        reason = error.sentence()
        return [Overlay(one, quantity, unit, {}, about=reason) for one in frameworks]
