"""The page about a language model that was pretrained or fine-tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isograd.notation.names import looks
from isograd.report import tuning_answer, tuning_charts
from isograd.report.files import write_record
from isograd.report.glossary import TUNING_WORDS
from isograd.report.html import grouped
from isograd.report.page import render_page
from isograd.tuning import Method, Tuning


def write_tuning(found: Tuning, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Tuning) -> str:
    """The whole page."""
    return render_page(
        "tuning.html.j2",
        found.to_json(),
        ["style.css", "tuning.css"],
        found=found,
        say=tuning_answer,
        rows=tuning_answer.rows(found),
        looks={method.name: looks(method.modes) for method in found.methods},
        series={method.name: tuning_charts.series(method) for method in found.methods},
        charts={method.name: tuning_charts.of_method(found, method) for method in found.methods},
        proofs={method.name: _stages(method) for method in found.methods},
        envelope=tuning_charts.ENVELOPE,
        settings=grouped(_settings(found)),
        glossary=TUNING_WORDS,
    )


def _stages(method: Method) -> list[tuple[str, list[Any]]]:
    """Each stage's name, and what came of it in every mode that has a proof."""
    proofs = [mode.proof for mode in method.modes if mode.proof]
    by_mode = [{stage.name: stage for stage in proof.stages} for proof in proofs]
    names = dict.fromkeys(name for stages in by_mode for name in stages)
    return [(name, [stages.get(name) for stages in by_mode]) for name in names]


def _settings(found: Tuning) -> dict[str, dict[str, Any]]:
    return {
        "Model": found.model,
        "Data": found.data,
        "Training": found.training,
        "Environment": found.environment,
    }
