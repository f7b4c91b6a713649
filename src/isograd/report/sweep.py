"""The page about a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isograd.report import sweep_answer, sweep_charts, sweep_table
from isograd.report.files import write_record
from isograd.report.glossary import SWEEP_WORDS
from isograd.report.html import grouped
from isograd.report.page import render_page
from isograd.sweeping.record import Sweep


def write_sweep(found: Sweep, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Sweep) -> str:
    """The whole page."""
    looks = sweep_charts.looks(found)
    contenders = sweep_charts.contenders(found)
    return render_page(
        "sweep.html.j2",
        found.to_json(),
        ["style.css", "frontier.css", "sweep.css"],
        ["script.js", "sweep.js"],
        found=found,
        say=sweep_answer,
        table=sweep_table,
        contenders=contenders,
        charts_of=sweep_charts.of_race,
        looks=looks,
        order={label: number for number, label in enumerate([*contenders, *looks])},
        settings=grouped(_settings(found)),
        glossary=SWEEP_WORDS,
    )


def _settings(found: Sweep) -> dict[str, dict[str, Any]]:
    import cattrs

    return {
        "Grid": {"file": found.grid, "cells": len(found.cells), "address": found.address or "here"},
        "Networks": {name: one.reference for name, one in found.networks.items()},
        "Conditions": cattrs.unstructure(found.conditions),
        "Environment": found.environment,
    }
