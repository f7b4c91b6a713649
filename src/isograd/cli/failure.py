"""How an expected error looks on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from isograd.errors import IsogradError


def explain(error: IsogradError) -> None:
    """Prints what was wrong, where, and what to do next, on standard error."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("isograd: ", "bold red"), error.what))
    if error.where:
        console.print(Text.assemble(("  at    ", "dim"), error.where))
    if error.hint:
        console.print(Text.assemble(("  next  ", "dim"), error.hint))
