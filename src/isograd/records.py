"""Every kind of record that is saved: what it is called in its folder, and what is written there.

A kind is added by one line in `KINDS`; no record's module is imported before one is met.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from isograd.result import Saved


@dataclass(frozen=True)
class Kind:
    """``file`` holds the record, ``page`` is what people read (empty where there is none);
    ``record`` is the record's class as ``module:name``."""

    file: str
    page: str
    record: str

    @property
    def cls(self) -> type[Saved]:
        """The record's class."""
        module, _, name = self.record.partition(":")
        found: type[Saved] = getattr(import_module(module), name)
        return found

    @property
    def files(self) -> tuple[str, str]:
        """The record's file and its page."""
        return self.file, self.page


KINDS = {
    "isograd/study": Kind("study.json", "study.html", "isograd.study:Study"),
    "isograd/result": Kind("result.json", "report.html", "isograd.result:Result"),
    "isograd/explanation": Kind(
        "explanation.json", "explanation.html", "isograd.explanation:Explanation"
    ),
    "isograd/graphs": Kind("graph.json", "graph.html", "isograd.views.document:Graphs"),
    "isograd/frontier": Kind("frontier.json", "frontier.html", "isograd.frontier:Frontier"),
    "isograd/scaling": Kind("scaling.json", "scaling.html", "isograd.scaling.record:Scaling"),
    "isograd/probes": Kind("probes.json", "probes.html", "isograd.probes.result:Probes"),
    "isograd/advice": Kind("advice.json", "advice.html", "isograd.advice:Advice"),
    "isograd/claims": Kind("claims.json", "claims.html", "isograd.claims.record:Claims"),
    "isograd/tuning": Kind("tuning.json", "tuning.html", "isograd.tuning:Tuning"),
    "isograd/sweep": Kind("sweep.json", "sweep.html", "isograd.sweeping.record:Sweep"),
    "isograd/feeding": Kind("feeding.json", "feeding.html", "isograd.feeding:Feeding"),
    "isograd/observation": Kind("observation.json", "", "isograd.observation:Observation"),
    "isograd/effort": Kind("effort.json", "", "isograd.effort.record:Effort"),
}
"""Schema, without its version, to kind."""

PAGES = {kind.file: kind.page for kind in KINDS.values() if kind.page}
"""A record's file to the page beside it."""


def kind_of(record: type[Saved]) -> Kind:
    """The kind of a record's class."""
    return KINDS[kind_name(record.schema)]


def kind_name(schema: str) -> str:
    """``isograd/result`` for ``isograd/result/1``."""
    return schema.rpartition("/")[0]
