"""The report as one HTML file that needs nothing else: no network, no font, no server.

Everything that comes from a result passes the template engine's autoescaping; the result itself is
embedded as JSON that cannot end its element; and a content security policy, with the digests of the
page's own style and script, keeps out whatever might slip through.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from isograd.report import charts, names, numbers, table
from isograd.report.advice import cautions, noise_sentence
from isograd.report.answer import answer, failed_checks
from isograd.report.glossary import GLOSSARY
from isograd.result import Result

TEMPLATES = Path(__file__).parent / "templates"

DANGEROUS = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
"""What could end the element that JSON stands in, or a line of it, and how JSON writes it too."""


def render(result: Result) -> str:
    """The whole page."""
    style, script = _asset("style.css"), _asset("script.js")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            result=result,
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
            settings=_settings(result),
            derivative_frameworks=_derivative_frameworks(result),
            glossary=GLOSSARY,
            numbers=numbers,
            names=names,
            style=Markup(style),
            script=Markup(script),
            style_digest=_digest(style),
            script_digest=_digest(script),
            raw=Markup(embedded(result)),
        )
    )


def embedded(result: Result) -> str:
    """The result as JSON that may stand inside a ``script`` element."""
    text = json.dumps(json.loads(result.to_json()), separators=(",", ":"), ensure_ascii=False)
    for character, escape in DANGEROUS.items():
        text = text.replace(character, escape)
    return text


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


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _training(result: Result) -> list[charts.Chart]:
    found = (
        charts.training(result.modes, quantity, against)
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


def _settings(result: Result) -> list[tuple[str, list[tuple[str, str]]]]:
    groups = {
        "Model": result.model,
        "Data": result.data,
        "Training": result.training,
        "Measuring": result.policy,
        "Environment": result.environment,
    }
    return [(title, flatten(group)) for title, group in groups.items() if group]


def _derivative_frameworks(result: Result) -> list[str]:
    return list(dict.fromkeys(name for row in result.derivatives for name in row.automatic))
