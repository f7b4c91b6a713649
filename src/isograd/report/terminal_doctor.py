"""What `isograd doctor` shows in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from isograd.doctor import Doctor
from isograd.report.console import plain_table, shown, write_item, write_line

STYLE = {"ok": "green", "missing": "yellow", "broken": "bold red"}


def render_doctor(found: Doctor, console: Console) -> None:
    """Prints the machine, each check, and what to do. States are words, in ASCII."""
    console.print()
    machine = Table.grid(padding=(0, 1))
    machine.add_column(min_width=13)
    machine.add_column(overflow="fold")
    for term, text in _machine(found):
        machine.add_row(shown(console, term), shown(console, text))
    console.print(machine)
    group = ""
    grid = plain_table()
    for head in ("", "", "state", ""):
        grid.add_column(head, overflow="fold")
    for check in found.checks:
        first = check.group if check.group != group else ""
        group = check.group
        cells = [(first, "bold"), (check.name, ""), (check.status, STYLE[check.status])]
        grid.add_row(*(shown(console, *cell) for cell in (*cells, (check.detail, "dim"))))
    console.print()
    console.print(grid)
    to_do = [check for check in found.checks if check.status != "ok"]
    console.print()
    if found.exit_code == 0:
        write_line(console, "All that is needed works here.", "bold green")
    else:
        write_line(console, "Something that is needed does not work.", "bold red")
    for check in sorted(to_do, key=lambda check: not check.needed):
        kind = "" if check.needed else " (optional)"
        write_item(console, f"{check.group} {check.name}{kind}: {check.status}", check.fix)


def _machine(found: Doctor) -> list[tuple[str, str]]:
    around = found.environment
    cores = around["cores"]
    return [
        ("Processor", str(around["processor"])),
        (
            "Cores",
            f"{cores['physical']} physical, {cores['logical']} logical, "
            f"{cores['usable']} usable here",
        ),
        ("Instructions", ", ".join(around["instructions"]) or "none of those that matter"),
        ("Memory", f"{around['memory_gb']} GiB"),
        ("Devices", ", ".join(found.devices) or "no GPU"),
        ("BLAS", ", ".join(around["blas"]) or "not known"),
        ("System", str(around["system"])),
    ]
