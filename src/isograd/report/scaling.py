"""The page about a training on several workers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isograd.report import scaling_answer
from isograd.report import scaling_charts as draw
from isograd.report.files import write_record
from isograd.report.glossary import SCALING_WORDS
from isograd.report.html import grouped
from isograd.report.page import render_page
from isograd.scaling.record import EngineResult, Prediction, Scaling


def write_scaling(found: Scaling, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path. Raises `UsageError` when a file exists already and ``replace`` is not set."""
    return write_record(found, render(found), folder, replace=replace)


def render(found: Scaling) -> str:
    """The whole page."""
    forecasts = [engine for engine in found.engines if engine.forecast]
    courses = [(chart, draw.loss_looks(e)) for e in found.engines if (chart := draw.losses(e))]
    timing = (draw.step_times(found), draw.efficiencies(found), draw.communication(found))
    return render_page(
        "scaling.html.j2",
        found.to_json(),
        ["style.css"],
        found=found,
        say=scaling_answer,
        draw=draw,
        timing=[chart for chart in timing if chart],
        looks=draw.looks(found),
        order={engine.name: index for index, engine in enumerate(found.engines)},
        courses=courses,
        order_of_counts={label: f"w{label}" for _, own in courses for label in own},
        forecasts=forecasts,
        unpredicted=[engine for engine in found.engines if engine.unpredicted],
        predictions=_rows(forecasts),
        link=scaling_answer.link(found),
        settings=grouped(_settings(found)),
        glossary=SCALING_WORDS,
    )


def _rows(forecasts: Sequence[EngineResult]) -> list[list[Prediction | None]]:
    """A row for each number of workers, a prediction for each engine."""
    tables = [
        {one.workers: one for one in engine.forecast.predictions}
        for engine in forecasts
        if engine.forecast
    ]
    counts = sorted({workers for table in tables for workers in table})
    return [[table.get(workers) for table in tables] for workers in counts]


def _settings(found: Scaling) -> dict[str, dict[str, Any]]:
    return {
        "Model": found.model,
        "Data": found.data,
        "Training": found.training,
        "Measuring": found.settings,
        "Environment": found.environment,
    }
