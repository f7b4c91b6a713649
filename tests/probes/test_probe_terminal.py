"""Answers of seven modes in a terminal: words where there is room for them, signs where not."""

from __future__ import annotations

import io

from probe_records import make_probes
from rich.console import Console

from isograd.report.terminal_probes import render_probes


def lines(width: int) -> list[str]:
    file = io.StringIO()
    render_probes(make_probes(), Console(file=file, width=width))
    return file.getvalue().splitlines()


def test_each_question_has_one_line_at_80_and_at_120_columns() -> None:
    for width in (80, 120):
        shown = lines(width)
        assert max(map(len, shown)) <= width
        assert [line for line in shown if line.startswith("print and breakpoint  ")]
        assert [line for line in shown if line.startswith("loads without its code ")]


def test_answers_are_signs_where_there_is_no_room() -> None:
    (narrow,) = (line for line in lines(80) if line.startswith("print and breakpoint"))
    assert narrow.split()[3:] == ["●", "◐", "○", "●", "–", "–", "○"]
    (wide,) = (line for line in lines(120) if line.startswith("print and breakpoint"))
    assert wide.split()[3:] == [
        "●",
        "yes",
        "◐",
        "partly",
        "○",
        "no",
        "●",
        "yes",
        "–",
        "–",
        "○",
        "no",
    ]
