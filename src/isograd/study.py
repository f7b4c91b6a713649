"""What `isograd study` did: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.result import Saved

SCHEMA = "isograd/study/1"

State = Literal["ok", "not reached", "failed"]


@dataclass
class Part:
    """One command of a study. ``question`` is what it answers and ``answer`` what it found in a
    sentence or two; ``folder`` is where its result lies, beside the study's own, and ``page`` the
    file to open there. ``reason`` says why it is not ``ok``."""

    name: str
    question: str
    status: State = "not reached"
    reason: str = ""
    answer: list[str] = field(default_factory=list)
    folder: str = ""
    page: str = ""
    seconds: float = 0.0


@dataclass
class Study(Saved):
    """All parts, in the order in which they are done."""

    command: str
    created: str
    model: str
    budget_s: float
    environment: dict[str, Any]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    parts: list[Part] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    duration_s: float = 0.0

    @property
    def exit_code(self) -> int:
        """What the process ends with: 0, 4 where a part failed or the study was cut off."""
        failed = any(part.status == "failed" for part in self.parts)
        return 4 if failed or self.status == "partial" else 0
