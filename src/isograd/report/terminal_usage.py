"""What a user sees at the end of `isograd use`."""

from __future__ import annotations

from rich.console import Console

from isograd.notation import numbers
from isograd.notation.names import full_name
from isograd.report.console import plain_table, shown, verbatim, write_line
from isograd.text.usage import Agreement, Answer, Usage

NO_CACHE = "Without a key-value cache: every token computes the whole text again."


def render_usage(usage: Usage, console: Console) -> None:
    """Prints what the model said, how quick each mode was, and whether they agree."""
    console.print()
    if usage.task == "generation":
        _print_text(usage, console)
    else:
        _print_rows(usage, console)
    console.print()
    _print_speed(usage, console)
    console.print()
    for one in usage.agreements:
        _print_agreement(usage, one, console)
    if len(usage.done) < 2:
        write_line(console, "Only one mode ran: nothing was compared.", "yellow")
    if usage.task == "generation":
        write_line(console, NO_CACHE, "dim")


def _print_text(usage: Usage, console: Console) -> None:
    """The first mode's text; each other one's only where it is another."""
    first, *others = usage.done
    told = [first, *(one for one in others if one.choices != first.choices)]
    for answer in told:
        if len(told) > 1:
            write_line(console, full_name(answer.mode), "bold")
        line = verbatim(console, usage.texts[0], "dim")
        line.append_text(verbatim(console, answer.text, "bold"))
        console.print(line)


def _print_rows(usage: Usage, console: Console) -> None:
    """A row for each text, or for each place that was masked."""
    table = plain_table()
    table.add_column("text" if usage.labels else "masked place", overflow="fold")
    for answer in usage.done:
        table.add_column(full_name(answer.mode))
    for row in range(len(usage.done[0].choices)):
        title = usage.texts[row] if usage.labels else f"{row + 1}"
        cells = [f"{a.words[row].strip()} {a.chances[row]:.1%}" for a in usage.done]
        table.add_row(*(verbatim(console, cell) for cell in (title, *cells)))
    console.print(table)


def _print_speed(usage: Usage, console: Console) -> None:
    table = plain_table()
    table.add_column("mode")
    table.add_column("first call", justify="right")
    if usage.task == "generation":
        table.add_column("tokens/s behind it", justify="right")
    for answer in usage.answers:
        table.add_row(*(shown(console, cell) for cell in _speed(usage, answer)))
    console.print(table)


def _speed(usage: Usage, answer: Answer) -> list[str]:
    name = full_name(answer.mode)
    if not answer.seconds:
        return [name, answer.mode.reason or answer.mode.status]
    cells = [name, numbers.seconds(answer.seconds[0])]
    return [*cells, _rate(answer.per_second)] if usage.task == "generation" else cells


def _rate(value: float | None) -> str:
    return numbers.MISSING if value is None else numbers.fixed(value, numbers.decimals(value, 0.0))


def _print_agreement(usage: Usage, one: Agreement, console: Console) -> None:
    pair = f"{full_name(usage.done[0].mode)} and {_name(usage, one)}"
    apart = _apart(one)
    if one.same:
        count = len(usage.done[0].choices)
        what = {"generation": "token", "masked": "word"}.get(usage.task, "label")
        some = f"the same {what}" if count == 1 else f"the same {count} {what}s"
        write_line(console, f"✓ {pair}: {some}; {apart}", "green")
    elif one.parted is None:
        text = f"≠ {pair} choose alike, but {apart} That is more than rounding does."
        write_line(console, text, "bold red")
    else:
        lead = "" if one.gap is None else f", where the first led by {one.gap:.1e}"
        text = f"≠ {pair} part at number {one.parted + 1}{lead}; up to there, {apart}"
        write_line(console, text, "bold red")


def _apart(one: Agreement) -> str:
    if not one.largest_difference:
        return "logits are equal to the last bit."
    share = one.largest_difference / one.scale if one.scale else float("inf")
    return f"logits differ by at most {one.largest_difference:.1e}, {share:.1e} of the largest."


def _name(usage: Usage, one: Agreement) -> str:
    return next(full_name(a.mode) for a in usage.done if a.mode.label == one.label)
