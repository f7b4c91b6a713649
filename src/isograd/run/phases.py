"""A run of several phases, of which what was found is kept, whatever ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from isograd.errors import IsogradError


class Growing(Protocol):
    """A record that says whether it is whole, and if not, why."""

    status: Literal["complete", "partial"]
    reason: str


def carry_out(
    phases: Mapping[str, Callable[[], None]],
    found: Growing,
    after_each: Callable[[], None] = lambda: None,
) -> None:
    """Does the work of each phase, in order. Ctrl-C and an `IsogradError` end it, and are the
    reason why ``found`` is not whole; everything else goes on to the caller."""
    doing = "nothing yet"
    try:
        for doing in phases:
            phases[doing]()
            after_each()
        found.status = "complete"
    except KeyboardInterrupt:
        found.reason = f"interrupted while {doing}"
    except IsogradError as error:
        found.reason = error.sentence()
