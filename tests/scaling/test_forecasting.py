"""What is predicted, of which engines, and which measurements a prediction is held against."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isograd.frameworks import ENGINES, part
from isograd.result import Interval
from isograd.scaling.cost import Measured
from isograd.scaling.engine import Engine
from isograd.scaling.forecasting import forecast, why_none
from isograd.scaling.record import EngineResult, Run
from isograd.scaling.request import Request
from isograd.scaling.throughput import Throughput

RING = Engine("ddp", "DistributedDataParallel", "it starts again")


def timed(request: Request, crowded: tuple[int, ...] = ()) -> Throughput:
    """1, 2 and 4 workers of a machine on which a step takes 1 ms and 10 us an example."""
    runs = []
    for workers in (1, 2, 4):
        run = Run(workers, 64, "train.py", "ok", crowded=workers in crowded)
        run.step_us = Interval(1640.0, 1600.0, 1700.0)
        runs.append(run)
    result = EngineResult("ddp", "torch", RING.title, RING.recovery, runs=runs)
    found = Throughput(RING, result, None, request, None, None)  # type: ignore[arg-type]
    for workers in (1, 2, 4):
        share = found.share(workers)
        times = {"step": 1000.0 + 10.0 * share, "local 32": 1320.0, "local 64": 1640.0}
        if workers > 1:
            times |= {"reduce 4": 100.0, "reduce 4000": 120.0}
        found.times[workers] = {name: [[time]] * 4 for name, time in times.items()}
    return found


def test_only_what_had_a_processor_for_each_worker_is_held_against_the_model() -> None:
    request = Request(workers=(1, 2, 4), predict=(8,))
    found = forecast(RING, request, timed(request, crowded=(4,)))
    assert found is not None
    known = {one.workers: one.measured_us for one in found.predictions}
    assert known == {1: 1640.0, 2: 1640.0, 4: None, 8: None}
    assert found.trust.startswith("Fitted to 1 to 2 workers.")


def test_with_a_whole_batch_for_each_worker_the_best_efficiency_is_that_of_one() -> None:
    request = Request(workers=(1, 2), weak=True, predict=(4,))
    found = forecast(RING, request, timed(request))
    assert found is not None
    assert [one.efficiency <= 1.0 for one in found.predictions] == [True] * 3


@pytest.mark.parametrize(
    ("framework", "name"), [(f, name) for f, names in ENGINES.items() for name in names]
)
def test_an_engine_is_modelled_or_says_why_not(framework: str, name: str) -> None:
    engine = next(one for one in part(framework, "scale").ENGINES if one.name == name)
    request = Request()
    found = forecast(engine, request, timed(request))
    assert (found is None) == bool(engine.unmodelled)
    assert found or why_none(engine) == engine.unmodelled


def test_workers_that_shared_processors_are_nothing_to_fit_to() -> None:
    request = Request()
    assert forecast(RING, request, timed(request, crowded=(2, 4))) is None
    assert why_none(replace(RING, unmodelled="")).startswith("It takes one worker and several")


def test_one_measurement_stands_for_its_own_number_of_workers() -> None:
    found = timed(Request(), crowded=(4,))
    assert [one.workers for one in found.measured()] == [1, 2]
    assert all(isinstance(one, Measured) for one in found.measured())
