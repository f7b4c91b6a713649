"""What is said about a training on several workers, the same in every report."""

from __future__ import annotations

import math

from isograd.notation import numbers
from isograd.notation.names import title
from isograd.scaling.record import EngineResult, Estimate, Forecast, Run, Scaling


def headline(found: Scaling) -> str:
    """Whether it is still the same training."""
    verdicts = {trajectory.verdict for trajectory in found.trajectories}
    if not verdicts:
        return "No training on several workers was compared."
    if verdicts == {"equivalent"}:
        return "The same training: several workers do what one does with the same batches."
    if "different" in verdicts:
        mended = [t.mended for t in found.trajectories if t.verdict == "different"]
        if all(one == "equivalent" for one in mended):
            return "Not the same training, and it is known why."
        return "Not the same training: several workers do something else than one."
    return "Whether it is the same training cannot be told: rounding hides the answer."


def sentences(found: Scaling) -> list[str]:
    """The best of each engine."""
    return [text for engine in found.engines if (text := _best(engine))]


def _best(engine: EngineResult) -> str:
    alone = engine.run(1)
    ran = [run for run in engine.runs if run.workers > 1 and run.step_us and run.efficiency]
    if not ran or not (alone and alone.step_us):
        return ""
    most = max(ran, key=lambda run: run.examples_per_s or 0.0)
    return f"{title(engine.framework)} {engine.name}: {_pace(most, alone)}"


def _pace(run: Run, alone: Run) -> str:
    assert run.examples_per_s
    assert alone.examples_per_s
    times = run.examples_per_s / alone.examples_per_s
    share = (
        f", {percent(run.communication)} of a step is communication" if run.communication else ""
    )
    return (
        f"{run.workers} workers get through {times:.2f}× as many examples as one, an efficiency of "
        f"{percent(run.efficiency)}{share}."
    )


def link(found: Scaling) -> str:
    """The network that the user thinks of, in words; empty where there is none."""
    given = found.settings.get("link")
    if not given:
        return ""
    speed = given.get("bandwidth")
    parts = [f"{numbers.seconds(given['latency_s'])} one way"] if given["latency_s"] else []
    parts += [f"{speed * 8 / 1e6:g} Mbit/s"] if speed and math.isfinite(speed) else []
    return ", ".join(parts)


def parameters(forecast: Forecast) -> str:
    """The model's numbers."""
    of = forecast.parameters
    rate = f"{1.0 / of['byte']:,.0f} MB/s" if of["byte"] else "no time a byte that was seen"
    return (
        f"fixed {numbers.time(of['fixed'])}, {numbers.time(of['example'])} an example, extra "
        f"{numbers.time(of['extra'])}, {numbers.time(of['hop'])} a hop, {rate}, "
        f"{of['bytes']:,.0f} bytes."
    )


def percent(found: Estimate | None) -> str:
    """``84% [81–87]``."""
    if found is None:
        return numbers.MISSING
    low, high = round(found.low * 100), round(found.high * 100)
    return f"{round(found.value * 100)}% [{low}–{high}]"
