"""What a run of `isograd claims` found: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.claims.catalogue import Source
from isograd.claims.outcome import Figure, Verdict
from isograd.effort.record import Script
from isograd.result import Saved

SCHEMA = "isograd/claims/1"


@dataclass
class Finding:
    """A statement (see `isograd.claims.catalogue.Claim`) with its outcome (see
    `isograd.claims.outcome.Outcome`). Paths in ``evidence`` are relative to the run's folder."""

    id: str
    statement: str
    tested: str
    limits: str
    sources: list[Source]
    verdict: Verdict
    result: str
    figures: list[Figure] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)


@dataclass
class Used:
    """A result that a finding follows from; ``age_s`` when it was used, in seconds."""

    path: str
    created: str
    age_s: float
    versions: dict[str, str]


@dataclass
class Left:
    """A result that was found and does not count, and why."""

    path: str
    reason: str


@dataclass
class Ran:
    """A small run that made evidence which was missing. ``status`` is ``ok``, ``failed``,
    ``not installed``, ``skipped`` or ``interrupted``; unless it is ``ok``, ``reason`` says why.
    ``command`` is what a user would write for it, where there is a command."""

    name: str
    about: str
    status: Literal["ok", "failed", "not installed", "skipped", "interrupted"]
    reason: str = ""
    seconds: float = 0.0
    command: str = ""


@dataclass
class Claims(Saved):
    """Everything; findings in the catalogue's order."""

    command: str
    created: str
    environment: dict[str, Any]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    findings: list[Finding] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    runs: list[Ran] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    budget_s: float | None = None
    duration_s: float = 0.0

    def count(self, verdict: Verdict) -> int:
        """How many statements have this verdict."""
        return sum(finding.verdict == verdict for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 whatever the verdicts are; 4 if the run was cut off or a small run failed, 3 if what
        one needs is not installed."""
        states = {run.status for run in self.runs}
        if "failed" in states or self.status == "partial":
            return 4
        return 3 if "not installed" in states else 0
