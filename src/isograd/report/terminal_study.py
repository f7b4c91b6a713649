"""What `isograd study` shows in the terminal."""

from __future__ import annotations

from rich.console import Console

from isograd.notation import numbers
from isograd.report.console import STYLES, shown, write_indented, write_line
from isograd.report.study_answer import DONE, finished, headline
from isograd.study import Study

STYLE = {"ok": STYLES["equivalent"], "failed": STYLES["different"], "not reached": "dim"}


def render_study(found: Study, console: Console, report: str = "") -> None:
    """Prints the answer, then each part with what it found, or why it did not."""
    console.print()
    if found.status == "partial":
        write_line(console, f"PARTIAL RESULT. {found.reason}", "bold yellow")
    write_line(console, headline(found), "bold green")
    write_indented(console, finished(found), "dim")
    for part in found.parts:
        console.print()
        sign, style = DONE[part.status], STYLE[part.status]
        spent = f", {numbers.seconds(part.seconds)}  " if part.seconds else "  "
        head = shown(console, f"{sign} ", style) + shown(console, part.name, "bold")
        console.print(head + shown(console, spent, "dim") + shown(console, part.question, "dim"))
        for sentence in part.answer:
            write_indented(console, sentence)
        if part.reason:
            write_indented(console, part.reason, STYLE[part.status])
        if part.page:
            write_indented(console, part.page, "cyan")
    if report:
        console.print()
        write_line(console, f"Report: {report}")
