"""What `isograd sweep` shows in the terminal: who is fastest from which batch size on."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isograd.notation import numbers
from isograd.report.console import (
    plain_table,
    shown,
    write_fitting,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.sweep_answer import (
    agreement,
    cautions,
    contender_name,
    duel_verdict,
    duels,
    facts,
    failures,
    headline,
    quantity_name,
    status,
)
from isograd.sweeping.race import Race
from isograd.sweeping.record import Sweep

FASTEST, RIVAL = "*", "="
"""Beside the least time, and beside those that are not measurably longer."""


def render_sweep(found: Sweep, console: Console, report: str = "") -> None:
    """Prints the answer, a table of times for each network, what could not be measured with the
    reasons, and where the ``report`` lies."""
    console.print()
    if partial := status(found):
        write_line(console, f"PARTIAL RESULT. {partial}", "bold yellow")
    write_line(console, headline(found), "bold green")
    for sentence in (agreement(found), *cautions(found)):
        if sentence:
            write_line(console, sentence)
    for race in found.races:
        _write_race(race, console)
    _write_notes(found, console)
    _write_failures(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def _write_race(race: Race, console: Console) -> None:
    console.print()
    write_line(console, f"{race.model}, {quantity_name(race)}", "bold")
    for duel in duels(race):
        write_indented(console, duel_verdict(duel))
    console.print()
    batches = [one.batch for one in race.standings]
    counts = range(len(batches), 0, -1)
    write_fitting(console, (_table(race, _spread(batches, n), console) for n in counts))


def _spread(batches: list[int], count: int) -> list[int]:
    """So many of them, the first and the last among them."""
    if count == 1:
        return batches[-1:]
    last = len(batches) - 1
    return [batches[round(number * last / (count - 1))] for number in range(count)]


def _table(race: Race, batches: list[int], console: Console) -> Table:
    """Times: a row for each contender, a column for each batch size."""
    grid = plain_table(1)
    grid.add_column("batch of", no_wrap=True)
    for batch in batches:
        grid.add_column(f"{batch:,}", justify="right", no_wrap=True)
    standings = {one.batch: one for one in race.standings}
    for contender, known in race.times.items():
        cells = []
        for batch in batches:
            one = standings[batch]
            best = contender == one.fastest
            mark = FASTEST if best else RIVAL if contender in one.rivals else " "
            style = "bold green" if best else "green" if contender in one.rivals else ""
            text = numbers.time(known[batch]) if batch in known else numbers.MISSING
            cells.append(Text.assemble(shown(console, f"{text} {mark}", style)))
        grid.add_row(shown(console, contender_name(contender)), *cells)
    return grid


def _write_notes(found: Sweep, console: Console) -> None:
    if not found.races:
        return
    write_line(
        console,
        f"{FASTEST} fastest, {RIVAL} not measurably slower. Each cell was timed in turns with its "
        "baseline.",
        "dim",
    )
    noise = next((fact for fact in facts(found) if fact.term == "Noise"), None)
    if noise:
        write_line(console, f"Noise: {noise.figure} {noise.words}.", "dim")


def _write_failures(found: Sweep, console: Console) -> None:
    """One item for each reason."""
    reasons: dict[str, list[str]] = {}
    for outcome in failures(found):
        tries = f" ({len(outcome.attempts) + 1} attempts)" if outcome.attempts else ""
        reason = f"{outcome.status}{tries}: {outcome.reason}"
        reasons.setdefault(reason, []).append(outcome.cell.label)
    if reasons:
        console.print()
        write_line(console, "Could not be measured", "bold")
    for reason, labels in reasons.items():
        more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
        write_item(console, f"{'; '.join(labels[:3])}{more}: {reason}")
