"""The report of a comparison as one HTML page; see `isograd.report.page`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isograd.notation import names, numbers
from isograd.report import charts, graph, table
from isograd.report.advice import cautions, noise_sentence
from isograd.report.answer import answer, failed_checks
from isograd.report.glossary import GLOSSARY
from isograd.report.page import render_page
from isograd.result import Result
from isograd.views import Graphs


def render(result: Result, graphs: Graphs | None = None) -> str:
    """The whole page; with the graphs of the network, where they are given."""
    return render_page(
        "report.html.j2",
        result.to_json(),
        graph.STYLES if graphs else ["style.css"],
        graph.SCRIPTS if graphs else ["script.js"],
        graph.texts(graphs) if graphs else (),
        result=result,
        graphs=graphs,
        **(graph.explorer(graphs, inside=True) if graphs else {}),
        answer=answer(result),
        cautions=cautions(result),
        noise=noise_sentence(result),
        unfair=failed_checks(result),
        columns=table.COLUMNS,
        rows=table.rows(result),
        looks=names.looks(result.modes),
        training=_training(result),
        timing=[
            c for c in (charts.step_times(result.modes), charts.first_calls(result.modes)) if c
        ],
        proofs=_proofs(result),
        settings=grouped(_settings(result)),
        derivative_frameworks=_derivative_frameworks(result),
        glossary=GLOSSARY,
    )


def flatten(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as pairs: ``optimizer.learning_rate`` and ``0.001``."""
    pairs: list[tuple[str, str]] = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            pairs += flatten(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            pairs.append((f"{prefix}{key}", ", ".join(map(str, value)) or numbers.MISSING))
        else:
            pairs.append((f"{prefix}{key}", numbers.MISSING if value is None else str(value)))
    return pairs


def grouped(groups: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Settings by what they belong to, for a page's last part; what is empty is left out."""
    return [(title, flatten(group)) for title, group in groups.items() if group]


def _training(result: Result) -> list[charts.Chart]:
    found = (
        charts.training(charts.courses(result.modes), quantity, against)
        for against in ("epoch", "seconds")
        for quantity in ("loss", "quality")
    )
    return [chart for chart in found if chart]


def _proofs(result: Result) -> dict[str, Any]:
    """The proof table: stages down, modes across; a mode may lack a stage."""
    proven = [mode for mode in result.modes if mode.proof]
    by_mode = {m.label: {s.name: s for s in m.proof.stages} for m in proven if m.proof}
    stages = list(dict.fromkeys(name for stages in by_mode.values() for name in stages))
    return {"modes": proven, "stages": stages, "by_mode": by_mode}


def _settings(result: Result) -> dict[str, dict[str, Any]]:
    return {
        "Model": result.model,
        "Data": result.data,
        "Training": result.training,
        "Measuring": result.policy,
        "Environment": result.environment,
    }


def _derivative_frameworks(result: Result) -> list[str]:
    return list(dict.fromkeys(name for row in result.derivatives for name in row.automatic))
