"""What a user sees at the end of `isograd prove REFERENCE TWIN`."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from isograd.explanation import Explanation
from isograd.notation import numbers
from isograd.report import explained
from isograd.report.console import (
    STYLES,
    plain_table,
    shown,
    write_indented,
    write_item,
    write_line,
)
from isograd.report.terminal import write_stages
from isograd.result import Cause, FirstDivergence, Place, Proof

SHOWN_PLACES = 2
"""Places of a cause that are told; how many more there are is said."""

SHOWN_VALUES = 3
SHOWN_HARMLESS = 3
SHOWN_DIVERGENCES = 2


def render_explanation(found: Explanation, console: Console, report: str = "") -> None:
    """Prints what was found: the answer, where the two first part, each cause with its fix, and
    what is left; and where the ``report`` lies."""
    console.print()
    if not found.causes:
        label = f"{found.frameworks[1] or 'the'}/twin"
        write_stages({label: Proof(found.verdict, found.stages, found.parameters)}, console)
        console.print()
    _print_answer(found, console)
    _print_divergences(found, console)
    for number, cause in enumerate(found.causes, 1):
        console.print()
        _print_cause(found, number, cause, console)
    _print_training(found, console)
    _print_rest(found, console)
    if report:
        console.print()
        write_line(console, f"Report: {report}")


def _print_answer(found: Explanation, console: Console) -> None:
    style = STYLES[found.verdict]
    write_line(console, explained.headline(found), f"bold {style}".replace("bold bold", "bold"))
    where = explained.where_first(found)
    if where and not (found.location and found.location.divergences):
        write_line(console, where)
    evidence = explained.evidence(found)
    if evidence:
        write_line(console, evidence, "yellow" if found.rest else "")


def _print_divergences(found: Explanation, console: Console) -> None:
    divergences = found.location.divergences if found.location else []
    for one in divergences[:SHOWN_DIVERGENCES]:
        console.print()
        _print_divergence(found, one, console)
    more = len(divergences) - SHOWN_DIVERGENCES
    if more > 0:
        write_indented(console, f"and at {explained.counted(more, 'place')} beside it", "dim")


def _print_divergence(found: Explanation, one: FirstDivergence, console: Console) -> None:
    text = f"First divergence: stage {one.stage}, {explained.envelopes(one.ratio)}"
    write_line(console, text, "bold")
    ours, theirs = explained.place_words(found, one)
    grid = _grid(2)
    for side, words, place in (("reference", ours, one.reference), ("twin", theirs, one.twin)):
        grid.add_row("", *(shown(console, text) for text in (side, f"{words}{_values(place)}")))
    console.print(grid)


def _values(place: Place) -> str:
    """``: -1.2517 -0.6260 from [2, 3, 5, 5] on``."""
    if not place.value:
        return ""
    figures = " ".join(f"{value:.6g}" for value in place.value[:SHOWN_VALUES])
    at = f" at {place.index}" if place.index else ""
    return f": {figures}{at}"


def _print_cause(found: Explanation, number: int, cause: Cause, console: Console) -> None:
    head = shown(console, f"{number}  {cause.id}", "bold")
    if cause.accepted:
        head.append_text(shown(console, "  accepted", "yellow"))
    console.print(head)
    write_indented(console, cause.summary, by=3)
    grid = _grid(3)
    for name, text, style in _facts(found, cause):
        grid.add_row("", shown(console, name, "dim"), shown(console, text, style))
    console.print(grid)


def _facts(found: Explanation, cause: Cause) -> list[tuple[str, str, str]]:
    facts = [
        ("at" if not order else "", _place(cause, order), "")
        for order in range(min(len(cause.places), SHOWN_PLACES))
    ]
    more = len(cause.places) - SHOWN_PLACES
    if more > 0:
        facts.append(("", f"and {explained.counted(more, 'place')} more", "dim"))
    if not cause.places and cause.node:
        facts.append(("at", cause.node, ""))
    before, after = (explained.effect_words(effect) for effect in (cause.before, cause.after))
    effect = before if cause.before.reason else f"{before} → mended: {after}"
    facts.append(("effect", effect, ""))
    fix = next((one for one in explained.fixes(found, cause) if one.twin), None)
    if fix:
        facts.append(("fix", f"{fix.framework}: {fix.code}", "cyan"))
    return facts


def _place(cause: Cause, number: int) -> str:
    ours, theirs = (explained.spot_words(spot) for spot in cause.places[number])
    return f"{ours} → twin: {theirs}"


def _grid(indent: int) -> Table:
    """A name and a text that wraps beside it."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=max(indent - 2, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _print_training(found: Explanation, console: Console) -> None:
    if not found.training:
        return
    grid = plain_table()
    grid.add_column("training", overflow="fold")
    for name in ("loss", "accuracy", "seeds"):
        grid.add_column(name, justify="right", no_wrap=True)
    for name, loss, accuracy, seeds in explained.ends(found.training):
        grid.add_row(*(shown(console, text) for text in (name, loss, accuracy, str(seeds))))
    console.print()
    console.print(grid)


def _print_rest(found: Explanation, console: Console) -> None:
    accepted = found.accepted
    if accepted:
        console.print()
        write_line(console, f"Accepted: {', '.join(accepted)}", "yellow")
    _print_some("harmless difference", found.harmless, console)
    _print_some("unclear difference", found.unclear, console)
    if found.ambiguous:
        names = [f"{', '.join(a)} against {', '.join(b)}" for a, b in found.ambiguous]
        _print_some("ambiguous group", names, console)


def _print_some(what: str, texts: list[str], console: Console) -> None:
    """A count, and the first few."""
    if not texts:
        return
    console.print()
    write_line(console, f"{explained.counted(len(texts), what).capitalize()}", "bold")
    for text in texts[:SHOWN_HARMLESS]:
        write_item(console, text)
    if len(texts) > SHOWN_HARMLESS:
        more = numbers.count(len(texts) - SHOWN_HARMLESS)
        write_item(console, f"{more} more in the report")
