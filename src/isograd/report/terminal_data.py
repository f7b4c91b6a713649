"""What `isograd data` shows in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isograd.feeding import Feeding, Measured
from isograd.notation import numbers
from isograd.notation.names import title
from isograd.pipelines.specification import MEMORY
from isograd.report.console import (
    STYLES,
    plain_table,
    shown,
    write_fitting,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.data_answer import (
    FEED,
    delivered,
    headline,
    mode_name,
    name,
    rate,
    sentences,
    told_loops,
)

SIGNS = {"exact": ("✓", "green"), "wrong": ("≠", "bold red"), "inconclusive": ("?", "yellow")}

LOOKS = {"fed": "green", "waits": "red", "inconclusive": "yellow", "could not run": "dim"}


def render_feeding(found: Feeding, console: Console, report: str = "") -> None:
    """Prints the answer, the pipelines, the modes that they feed, and where the ``report`` lies."""
    console.print()
    if found.status == "partial":
        write_line(console, f"PARTIAL RESULT. {found.reason}", "bold yellow")
    write_line(console, headline(found), "bold")
    for sentence in sentences(found):
        write_indented(console, sentence)
    console.print()
    _write_pipelines(found, console)
    if found.fed:
        console.print()
        _write_fed(found, console)
    _write_augmentation(found, console)
    _write_troubles(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


# Pipelines ------------------------------------------------------------------------------------


def _write_pipelines(found: Feeding, console: Console) -> None:
    layouts = ((True, True), (False, True), (False, False))
    write_fitting(
        console, (_pipelines(found, console, bounds=b, memory=memory) for b, memory in layouts)
    )
    floor = f" Noise floor {numbers.percent(found.noise.fraction)}." if found.noise else ""
    legend = (
        "✓ each item exactly once an epoch, the same bytes as in memory. Order ✓: no measure is "
        "worse than in 199 random permutations. A ratio is the time of a batch of "
        f"{found.settings.get('batch size')} over that of arrays in memory, measured in turns"
        f"{', which are not augmented' if found.settings.get('augmentation') else ''}."
    )
    write_line(console, legend + floor, "dim")


def _pipelines(found: Feeding, console: Console, *, bounds: bool, memory: bool) -> Table:
    grid = plain_table(2)
    grid.add_column("pipeline", no_wrap=True)
    heads = ["items", "order", "batch", "ratio", "items/s", "first\nbatch"]
    for head in [*heads, *(["mem-\nory"] if memory else [])]:
        grid.add_column(head, justify="right", no_wrap=True, vertical="bottom")
    framework = ""
    for one in _by_framework(found):
        if one.framework != framework:
            framework = one.framework
            grid.add_row(shown(console, title(framework), "bold"))
        if one.status == "ok":
            grid.add_row(*_row(one, console, bounds=bounds, memory=memory))
    return grid


def _by_framework(found: Feeding) -> list[Measured]:
    order = list(dict.fromkeys(one.framework for one in found.pipelines))
    return sorted(found.pipelines, key=lambda one: order.index(one.framework))


def _row(one: Measured, console: Console, *, bounds: bool, memory: bool) -> list[Text]:
    sign = SIGNS[one.delivery.verdict] if one.delivery else ("", "")
    order = ("", "")
    if one.shuffle:
        order = ("worse", "yellow") if one.shuffle.worse else ("✓", "green")
    cells = [
        sign,
        order,
        (numbers.time(one.batch_us.median if one.batch_us else None), ""),
        _ratio(one, bounds=bounds),
        (rate(one.items_per_s), ""),
        (numbers.seconds(one.first_batch_s), ""),
    ]
    if memory:
        cells.append((numbers.memory(one.peak_memory_mb), ""))
    return [shown(console, _label(one)), *(shown(console, *cell) for cell in cells)]


def _label(one: Measured) -> str:
    if one.id == MEMORY:
        return "in memory"
    own = " (yours)" if FEED in one.id else ""
    return f"  {one.id.partition('/')[2].removeprefix('feed:')}{own}"


def _ratio(one: Measured, *, bounds: bool) -> tuple[str, str]:
    if one.ratio is None:
        return ("1", "") if one.id == MEMORY else (numbers.MISSING, "")
    text, interval = numbers.ratio_range(one.ratio.ratio, one.ratio.low, one.ratio.high)
    return f"{text} {interval}" if bounds else text, STYLES.get(one.ratio.verdict, "")


# Modes that are fed ---------------------------------------------------------------------------


def _write_fed(found: Feeding, console: Console) -> None:
    write_fitting(console, (_fed_table(found, console, full=full) for full in (True, False)))
    write_line(
        console,
        "Waits: the share of a training loop's time that goes into getting the next batch, in a "
        "loop that this pipeline feeds; below 10% a mode is called fed.",
        "dim",
    )


def _fed_table(found: Feeding, console: Console, *, full: bool) -> Table:
    """With the times that the share is made of, where there is room."""
    grid = plain_table(2)
    for head in ("mode", "fed by"):
        grid.add_column(head, no_wrap=True)
    for head in (*(("step", "batch", "without\noverlap") if full else ()), "waits", ""):
        grid.add_column(head, justify="right", no_wrap=True, vertical="bottom")
    for fed in told_loops(found):
        times = (
            numbers.time(fed.step_us),
            numbers.time(fed.batch_us),
            numbers.percent(fed.computed),
        )
        cells = [
            (mode_name(fed.mode), ""),
            (fed.pipeline.partition("/")[2].removeprefix("feed:"), ""),
            *((time, "dim") for time in (times if full else ())),
            (numbers.percent(fed.waits), ""),
            (fed.verdict, LOOKS[fed.verdict]),
        ]
        grid.add_row(*(shown(console, *cell) for cell in cells))
    return grid


# Below ----------------------------------------------------------------------------------------


def _write_augmentation(found: Feeding, console: Console) -> None:
    if found.augmentation:
        console.print()
        write_line(console, "Augmentation, both frameworks against its definition", "bold")
        for one in found.augmentation:
            how = "the same bytes" if one.exact else f"within {numbers.plain(one.deviation, 2)}"
            sign = "✓" if one.verdict == "equivalent" else "≠"
            style = STYLES[one.verdict]
            write_indented(console, f"{sign} {one.operation}: {how}", style)
    if found.traps:
        console.print()
        write_line(console, "Declared differences, on these pixels", "bold")
        for trap in found.traps:
            write_item(
                console,
                f"{trap.name}: {trap.torch} against {trap.tensorflow}: "
                f"{numbers.percent(trap.share)} of the pixels differ, by up to "
                f"{numbers.plain(trap.largest, 2)} of 255. {trap.instead}",
            )


def _write_troubles(found: Feeding, console: Console) -> None:
    troubles = [one for one in found.pipelines if one.status != "ok"]
    if troubles:
        console.print()
        write_line(console, "Could not be had", "bold")
        for one in troubles:
            write_item(console, f"{one.id}: {one.status}. {one.reason}")
    doubtful = [p for p in found.pipelines if p.delivery and p.delivery.verdict == "inconclusive"]
    if doubtful:
        console.print()
        write_line(console, "Not judged", "bold")
        for one in doubtful:
            write_item(console, f"{name(one.id)}: {delivered(one.delivery)}.")
