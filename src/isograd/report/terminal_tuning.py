"""What `isograd pretrain` and `isograd finetune` show in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isograd.notation import numbers
from isograd.notation.names import SYMBOLS, full_name
from isograd.report.console import (
    STYLES,
    plain_table,
    shown,
    verbatim,
    write_fitting,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.tuning_answer import (
    Row,
    headline,
    quality_name,
    rows,
    sentences,
    unproven,
)
from isograd.result import Comparison
from isograd.tuning import Tuning


def render_tuning(found: Tuning, console: Console, report: str = "") -> None:
    """Prints the answer, every method in every mode, what is not as it should be, a sample, and
    where the ``report`` lies."""
    console.print()
    if found.status == "partial":
        write_line(console, f"PARTIAL RESULT. {found.reason}", "bold yellow")
    style = STYLES[found.verdict] if found.verdict else "yellow"
    write_line(console, headline(found), f"bold {style}")
    for sentence in sentences(found):
        write_indented(console, sentence)
    console.print()
    _write_table(found, console)
    if found.noise_floor:
        noise = numbers.percent(found.noise_floor.fraction)
        write_line(console, f"Two workers that are alike differ by up to {noise}.", "dim")
    for line in (*unproven(found), *found.findings):
        write_item(console, line)
    _write_sample(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def _write_table(found: Tuning, console: Console) -> None:
    write_fitting(console, (_table(found, console, wide) for wide in (True, False)))


def _table(found: Tuning, console: Console, wide: bool) -> Table:
    """Modes below the method that they were trained with, where there are several."""
    several = len(found.methods) > 1
    grid = plain_table()
    for title in ("mode", "proof", "losses"):
        grid.add_column(title, no_wrap=True)
    heads = [quality_name(found), "step", "over\nreference"]
    heads += [f"over\n{found.methods[0].name}"] if several else []
    for title in heads:
        grid.add_column(title, justify="right", no_wrap=True, vertical="bottom")
    for method in found.methods:
        if several:
            grid.add_row(shown(console, method.name, "bold"))
        for row in rows(found):
            if row.method is method:
                grid.add_row(*_cells(found, row, console, wide))
    return grid


def _cells(found: Tuning, row: Row, console: Console, wide: bool) -> list[Text]:
    several = len(found.methods) > 1
    quality = f"{row.quality} {row.bounds}".strip() if wide else row.quality
    cells = [
        shown(console, f"{'  ' if several else ''}{full_name(row.mode)}"),
        _proof(row, console, wide),
        _losses(found, row, console),
        shown(console, quality),
        shown(console, row.step),
        _ratio(row.against_reference, row, console, wide),
    ]
    return [*cells, _ratio(row.against_first, row, console, wide)] if several else cells


def _proof(row: Row, console: Console, wide: bool) -> Text:
    verdict = row.mode.verdict
    if row.mode.status != "ok":
        return shown(console, row.mode.status, "yellow")
    if verdict is None:
        return shown(console, numbers.MISSING)
    return shown(
        console, f"{SYMBOLS[verdict]} {verdict}" if wide else SYMBOLS[verdict], STYLES[verdict]
    )


def _losses(found: Tuning, row: Row, console: Console) -> Text:
    if row.course is None:
        text = "reference" if row.mode.label == found.reference else numbers.MISSING
        return shown(console, text)
    text = f"{SYMBOLS[row.course.verdict]} {numbers.multiple(row.course.ratio)}"
    return shown(console, text, STYLES[row.course.verdict])


def _ratio(one: Comparison | None, row: Row, console: Console, wide: bool) -> Text:
    if one is None:
        return shown(console, "1" if row.step != numbers.MISSING else numbers.MISSING)
    text, bounds = numbers.ratio_range(one.ratio, one.low, one.high)
    return shown(console, f"{text} {bounds}" if wide else text, STYLES.get(one.verdict, ""))


def _write_sample(found: Tuning, console: Console) -> None:
    if not found.samples:
        return
    same = len({sample.text for sample in found.samples}) == 1
    console.print()
    where = f"in all {len(found.samples)} modes" if same else "in the first mode; others differ"
    write_line(console, f"Sample, {where}:", "bold")
    sample = found.samples[0]
    text = f"{sample.prompt}{sample.text}" if found.model.get("kind") == "gpt" else sample.text
    write_indented(console, verbatim(console, text))
