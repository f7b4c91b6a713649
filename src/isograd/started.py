"""What every record says of its beginning: the command, and when."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime


def command_line(given: str | None = None) -> str:
    """The line that a report shows for doing it again: what was given, or this process's own."""
    return given or shlex.join(["isograd", *sys.argv[1:]])


def now() -> str:
    """In ISO 8601, to the second, with the time zone."""
    return datetime.now(UTC).isoformat(timespec="seconds")
