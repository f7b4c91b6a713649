"""The page about the forms of a network: what each costs and buys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from isograd.frontier import Frontier
from isograd.notation import names
from isograd.report import frontier_answer, frontier_charts, frontier_plot, frontier_table
from isograd.report.files import write_record
from isograd.report.glossary import FRONTIER_WORDS
from isograd.report.html import grouped
from isograd.report.page import embedded, render_page

SCRIPTS = ("script.js", "frontier-plot.js", "frontier-table.js", "frontier.js")
"""In the order in which they need each other."""


def write_frontier(found: Frontier, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Frontier) -> str:
    """The whole page."""
    plan = frontier_plot.drawing(found)
    return render_page(
        "frontier.html.j2",
        found.to_json(),
        ["style.css", "frontier.css"],
        SCRIPTS,
        frontier_plot.texts(plan),
        found=found,
        say=frontier_answer,
        plot=frontier_plot,
        table=frontier_table,
        plan=plan,
        drawing=Markup(embedded(json.dumps(plan, allow_nan=False))),
        filters=filters(found),
        batches=frontier_charts.batches(found),
        trainings=frontier_charts.trainings(found),
        training_name=frontier_charts.training_name,
        point_looks=frontier_charts.point_looks(found),
        training_looks=frontier_charts.training_looks(found),
        settings=grouped(_settings(found)),
        glossary=FRONTIER_WORDS,
    )


def filters(found: Frontier) -> dict[str, list[tuple[str, str]]]:
    """Kinds of points, with the values and names that each kind has."""
    ran = frontier_plot.plotted(found)
    frameworks = dict.fromkeys(frontier_answer.framework(point) for point in ran)
    techniques = dict.fromkeys(point.technique for point in ran)
    variants = dict.fromkeys(point.variant for point in ran)
    return {
        "framework": [(one, names.title(one)) for one in frameworks],
        "technique": [(one, one) for one in techniques],
        "network": [(one, one) for one in variants],
    }


def _settings(found: Frontier) -> dict[str, dict[str, Any]]:
    return {
        "Model": found.model,
        "Data": found.data,
        "Training": found.training,
        "Environment": found.environment,
    }
