"""What more workers would do, in words and figures."""

from __future__ import annotations

from dataclasses import asdict

from isograd.scaling.cost import FORMULA, estimates, fit
from isograd.scaling.engine import Engine
from isograd.scaling.record import Forecast, Prediction
from isograd.scaling.request import Request
from isograd.scaling.throughput import Throughput


def forecast(engine: Engine, request: Request, found: Throughput) -> Forecast | None:
    """The model of an engine's step time; None where there is none, see `why_none`."""
    measured = found.measured()
    size = found.gradient_bytes
    cost = None if engine.unmodelled else fit(measured, size, engine.crossings)
    if cost is None:
        return None
    counts = sorted({*request.workers, *request.predict, 1})
    asked = [(n, found.share(n)) for n in counts]
    times = estimates(measured, size, engine.crossings, asked, request.link)
    alone = cost.step(1, found.share(1))
    known = {
        run.workers: run.step_us.median
        for run in found.result.runs
        if run.step_us and not run.crowded
    }
    return Forecast(
        asdict(cost),
        FORMULA,
        [
            Prediction(
                n,
                time,
                alone / time.value / (1 if request.weak else n),
                None if request.link else known.get(n),
            )
            for n, time in zip(counts, times, strict=True)
        ],
        trust(max(one.workers for one in measured), request),
    )


def why_none(engine: Engine) -> str:
    """Why there is no model of an engine's step time."""
    return engine.unmodelled or (
        "It takes one worker and several, each with a processor of its own, to fit a model to."
    )


def trust(most: int, request: Request) -> str:
    """How far a forecast from at most so many workers reaches."""
    link = (
        "The link is taken to be as fast as you say, and nothing else to be on it. "
        if request.link
        else "More workers are taken to be tied as these are, in one machine; give --latency and "
        "--bandwidth for a network. "
    )
    return (
        f"Fitted to 1 to {most} workers. {link}Every further worker is taken to be as fast as "
        "these, with a processor of its own, and no sum to be hidden behind the backward pass. "
        f"Beyond {2 * most} workers that is an extrapolation that nothing here has tested."
    )
