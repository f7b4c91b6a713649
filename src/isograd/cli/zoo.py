"""`isograd zoo`: the built-in networks."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def command() -> None:
    """List the built-in networks."""
    from isograd.zoo import ZOO

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("network", "parameters", "data", "loss", "what it is"):
        table.add_column(name, justify="right" if name == "parameters" else "left")
    for entry in ZOO.values():
        count = f"{entry.build().count_parameters():,}"
        table.add_row(entry.name, count, entry.data, entry.loss, entry.summary)
    Console().print(table)
