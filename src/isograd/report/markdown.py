"""The report in GitHub-flavoured Markdown: the same content in brief, for an issue or a log."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from isograd.notation import names, numbers
from isograd.report import table
from isograd.report.advice import cautions, noise_sentence
from isograd.report.answer import answer
from isograd.result import Result, Stage

SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|~@$>])")
"""What Markdown, or GitHub, gives a meaning to."""


def render(result: Result) -> str:
    """The whole document."""
    found = answer(result)
    partial = f"> **Partial result.** {escape(found.partial)}" if found.partial else ""
    blocks = [
        f"# {escape(found.headline)}",
        partial,
        f"**{escape(found.overall)}** {escape(found.proof)}",
        _list(found.frameworks),
        _modes(result),
        escape(noise_sentence(result)),
        _section("What to know", _notes(result)),
        _section("Proof", _proofs(result)),
        _section("Training agreement", _agreement(result)),
        _section("Derivatives", _derivatives(result)),
        _section("Fairness gate", _fairness(result)),
        _section("How to reproduce", _code(result.command)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line: no markup, no HTML, no table cell broken."""
    flat = " ".join(text.split())
    return SPECIAL.sub(r"\\\1", flat).replace("&", "&amp;").replace("<", "&lt;")


def _modes(result: Result) -> str:
    header = ["mode", *(column.title for column in table.COLUMNS), "status"]
    rows = [
        [
            names.full_name(row.mode),
            *(row.cells[column.key].line for column in table.COLUMNS),
            row.trouble or row.mode.status,
        ]
        for row in table.rows(result)
    ]
    return _table(header, rows)


def _notes(result: Result) -> str:
    tried = [f"{c.text} Try: {c.next}" if c.next else c.text for c in cautions(result)]
    declared = [f"Declared difference: {line}" for line in result.declared]
    return _list([*tried, *result.findings, *declared])


def _proofs(result: Result) -> str:
    """Stages down, modes across."""
    proofs = {mode.label: mode.proof for mode in result.modes if mode.proof}
    by_mode = {label: {s.name: s for s in proof.stages} for label, proof in proofs.items()}
    stages = dict.fromkeys(name for stages in by_mode.values() for name in stages)
    rows = [[name, *(_stage(found.get(name)) for found in by_mode.values())] for name in stages]
    note = "Figures are deviations in multiples of the measured rounding envelope."
    return f"{_table(['stage', *proofs], rows)}\n\n{note}" if rows else ""


def _stage(stage: Stage | None) -> str:
    if stage is None:
        return numbers.MISSING
    size = f" {numbers.multiple(stage.ratio)}" if stage.envelope > 0 else ""
    return f"{stage.verdict}{size}"


def _agreement(result: Result) -> str:
    rows = [
        [
            a.mode,
            a.verdict,
            *(numbers.plain(x, 2) for x in (a.deviation, a.envelope, a.seed_spread)),
        ]
        for a in result.agreement
    ]
    return _table(["mode", "verdict", "deviation", "rounding envelope", "seed spread"], rows)


def _derivatives(result: Result) -> str:
    frameworks = list(dict.fromkeys(f for row in result.derivatives for f in row.automatic))
    rows = []
    for row in result.derivatives:
        automatic = [row.automatic.get(framework) for framework in frameworks]
        figures = [row.analytic, *automatic, row.finite_difference]
        place = f"{row.tensor}[{', '.join(map(str, row.index))}]"
        rows.append([place, *(numbers.scientific(figure) for figure in figures)])
    titles = [names.title(framework) for framework in frameworks]
    return _table(["coordinate", "analytic", *titles, "finite differences"], rows)


def _fairness(result: Result) -> str:
    rows = [[c.name, "yes" if c.passed else "**no**", c.detail] for c in result.fairness]
    return _table(["condition", "holds", "what was found"], rows)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines)


def _code(text: str) -> str:
    """HTML, as no fence of Markdown is safe from what a text may hold."""
    return f"<pre><code>{html.escape(' '.join(text.split()))}</code></pre>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text if text in ("---", "**no**") else escape(text)
