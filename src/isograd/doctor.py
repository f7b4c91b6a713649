"""What `isograd doctor` found: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.result import Saved

SCHEMA = "isograd/doctor/1"

State = Literal["ok", "missing", "broken"]


@dataclass
class Check:
    """``group`` is what it belongs to, ``detail`` what was found, ``fix`` the command that mends
    it. What is not ``needed`` may be missing."""

    group: str
    name: str
    status: State
    detail: str = ""
    fix: str = ""
    needed: bool = True


@dataclass
class Doctor(Saved):
    """All checks, and the machine."""

    environment: dict[str, Any]
    checks: list[Check] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    schema: str = SCHEMA

    @property
    def exit_code(self) -> int:
        """0 where all that is needed works, 3 otherwise."""
        return 3 if any(c.needed and c.status != "ok" for c in self.checks) else 0
