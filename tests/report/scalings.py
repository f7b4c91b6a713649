"""What `isograd scale mnist-mlp` writes, and a form of it that tries to break pages."""

from __future__ import annotations

import json

from pages import poisoned

from isograd.result import Interval, Stage
from isograd.scaling.record import (
    EngineResult,
    Estimate,
    Forecast,
    Prediction,
    Run,
    Scaling,
    Trajectory,
)

LOSSES = [2.3, 1.9, 1.6, 1.4]


def make_run(workers: int, verdict: str = "equivalent") -> Run:
    step = 2000.0 / workers + 300.0
    run = Run(workers, 64, f"torchrun --nproc-per-node {workers} train.py", status="ok")
    run.step_us = Interval(step, step * 0.98, step * 1.02)
    run.local_us = Interval(step - 200.0, step - 210.0, step - 190.0)
    run.examples_per_s = 64e6 / step
    if workers > 1:
        ratio = 1.0 if verdict == "equivalent" else 1e9
        stages = [
            Stage(n, verdict, 1e-15, 1e-15, 1e-15, ratio, n)  # type: ignore[arg-type]
            for n in ("losses", "weights")
        ]
        run.trajectory = Trajectory(verdict, stages, LOSSES)  # type: ignore[arg-type]
        run.reduce_us = Interval(150.0, 140.0, 160.0)
        run.efficiency = Estimate(0.84, 0.8, 0.88)
        run.communication = Estimate(0.12, 0.1, 0.15)
    return run


def make_engine(name: str, framework: str, title: str) -> EngineResult:
    parameters = {"fixed": 300.0, "example": 30.0, "extra": 50.0, "hop": 20.0, "byte": 0.001}
    predictions = [
        Prediction(n, Estimate(2300.0 / n, 2200.0 / n, 2400.0 / n), 0.8, 1000.0 if n < 3 else None)
        for n in (1, 2, 8)
    ]
    forecast = Forecast({**parameters, "bytes": 407080.0}, "t(n) = ...", predictions, "Far enough.")
    runs = [make_run(1), make_run(2)]
    return EngineResult(name, framework, title, "it starts again", "ok", "", runs, forecast, LOSSES)


def make_scaling() -> Scaling:
    return Scaling(
        command="isograd scale mnist-mlp",
        created="2026-01-01T00:00:00+00:00",
        model={"name": "mnist-mlp", "parameters": 101770},
        data={"name": "digits"},
        training={"loss": "cross_entropy"},
        environment={"python": "3.11"},
        settings={"workers": [1, 2], "link": {"latency_s": 0.001, "bandwidth": 1.25e8}},
        status="complete",
        engines=[
            make_engine("ddp", "torch", "DistributedDataParallel"),
            make_engine("multiworker", "tensorflow", "MultiWorkerMirroredStrategy"),
        ],
    )


def make_hostile() -> Scaling:
    """Every string that is free to be anything is markup."""
    return Scaling.from_json(json.dumps(poisoned(json.loads(make_scaling().to_json()))))
