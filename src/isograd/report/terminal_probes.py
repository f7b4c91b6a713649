"""What `isograd probe` shows in the terminal: questions down, modes across."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from isograd.notation import numbers
from isograd.notation.names import title
from isograd.probes.question import Question
from isograd.probes.result import Answer, Asked, Probes
from isograd.report.console import (
    plain_table,
    shown,
    verbatim,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.probes_answer import (
    SIGNS,
    at,
    because,
    cell,
    frameworks,
    headline,
    modes,
    name,
    tally,
    troubles,
)

STYLES = {"yes": "green", "partly": "yellow", "no": "red"}

WIDEST = 1000
"""Columns in which any table finds room, to see how many it needs."""


def render_probes(found: Probes, console: Console, report: str = "") -> None:
    """Prints the table, how often each mode says yes, what could not run, and where the ``report``
    lies."""
    console.print()
    if found.status == "partial":
        write_line(console, f"PARTIAL RESULT. {found.reason}", "bold yellow")
    write_line(console, headline(found), "bold")
    console.print()
    console.print(_fitting(found, console))
    legend = ", ".join(f"{sign} {word}" for word, sign in SIGNS.items())
    write_line(console, f"{legend}. Why: isograd probe --show NAME, or the report.", "dim")
    _write_troubles(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def show_question(found: Probes, question: str, console: Console) -> None:
    """One question: its snippets, each mode's answer with the evidence, what was observed and
    printed."""
    asked = next(one for one in found.questions if one.name == question)
    console.print()
    console.print(verbatim(console, f"{asked.name}:", "bold"), shown(console, asked.title, "bold"))
    write_line(console, asked.about)
    for framework, source in asked.snippets.items():
        console.print()
        write_line(console, title(framework), "bold")
        console.print(
            Syntax(source.rstrip(), "python", theme="ansi_dark", background_color="default")
        )
    for answer in found.of(question):
        _write_answer(answer, console)


def list_questions(asked: Sequence[Question], console: Console) -> None:
    """The names of questions, with what each asks."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for question in asked:
        grid.add_row(shown(console, question.name, "bold"), shown(console, question.about))
    console.print(grid)


def _fitting(found: Probes, console: Console) -> Table:
    """Answers as signs alone where there is no room for their words; the legend tells them."""
    table = _table(found, console)
    needed = console.measure(table, options=console.options.update(width=WIDEST)).maximum
    return _table(found, console, signs=True) if needed > console.width else table


def _table(found: Probes, console: Console, *, signs: bool = False) -> Table:
    table = plain_table(gap=1)
    table.add_column("", overflow="fold")
    for framework in frameworks(found):
        for number, mode in enumerate(modes(found, framework)):
            above = "" if number else title(framework)
            table.add_column(shown(console, f"{above}\n{mode}"), no_wrap=True)
    for asked in found.questions:
        table.add_row(shown(console, asked.title), *_cells(found, asked, console, signs))
    table.add_section()
    counts = [str(tally(found, label)["yes"]) for label in found.labels]
    table.add_row(shown(console, "says yes"), *(shown(console, text, "bold") for text in counts))
    return table


def _cells(found: Probes, asked: Asked, console: Console, signs: bool) -> list[Text]:
    answers = [at(found, asked.name, label) for label in found.labels]
    return [
        shown(
            console,
            cell(answer).partition(" ")[0] if signs else cell(answer),
            STYLES.get(answer.answer or "", "dim") if answer else "dim",
        )
        for answer in answers
    ]


def _write_troubles(found: Probes, console: Console) -> None:
    items = troubles(found)
    if not items:
        return
    console.print()
    write_line(console, "Could not run", "bold")
    for answer in items:
        what = f"{answer.question}, {name(answer.label)}: {answer.status}. {answer.reason}"
        write_item(console, what)


def _write_answer(answer: Answer, console: Console) -> None:
    console.print()
    state = cell(answer) if answer.answer else answer.status
    style = f"bold {STYLES.get(answer.answer or '', 'yellow')}"
    console.print(shown(console, name(answer.label), style), shown(console, f" {state}", style))
    pieces = ((verbatim if printed else shown)(console, one) for one, printed in because(answer))
    write_indented(console, Text().join(pieces))
    if answer.observed:
        write_indented(console, "observed", "bold")
        text = json.dumps(answer.observed, indent=1, ensure_ascii=False)
        write_indented(console, verbatim(console, text, "dim"), by=4)
    if answer.output.strip():
        write_indented(console, "printed", "bold")
        write_indented(console, verbatim(console, answer.output.strip(), "dim"), by=4)
    packages = ", ".join(f"{name} {version}" for name, version in answer.versions.items())
    spent = f"{numbers.seconds(answer.seconds)}; {packages}"
    write_indented(console, verbatim(console, spent, "dim"))
