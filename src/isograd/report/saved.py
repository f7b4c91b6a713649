"""What a run may have saved: for each kind of record, its file, what shows it and what writes it.

A kind is added by one line in `KINDS`; nothing here is imported before a record of it is met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isograd.errors import UsageError
from isograd.result import Saved, read_text, schema_of

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Kind:
    """``file`` is what it is called in its folder. The others are ``module:name``: the record's
    class (a `Saved`), ``render(record, console, report="")`` for the terminal, and
    ``write(record, folder, replace=False)`` for the record with its page, which gives a path or
    several. ``beside`` names records that lie in the same folder and go onto the same page, by the
    keyword that ``write`` takes them under."""

    file: str
    record: str
    render: str
    write: str
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def cls(self) -> type[Saved]:
        """The record's class."""
        found: type[Saved] = _named(self.record)
        return found


KINDS = {
    "isograd/study": Kind(
        "study.json",
        "isograd.study:Study",
        "isograd.report.terminal_study:render_study",
        "isograd.report.studied:write_study",
    ),
    "isograd/result": Kind(
        "result.json",
        "isograd.result:Result",
        "isograd.report.terminal:render",
        "isograd.report:write",
        beside={"graphs": "isograd/graphs"},
    ),
    "isograd/explanation": Kind(
        "explanation.json",
        "isograd.explanation:Explanation",
        "isograd.report.terminal_explanation:render_explanation",
        "isograd.report.explanation:write_explanation",
    ),
    "isograd/graphs": Kind(
        "graph.json",
        "isograd.views:Graphs",
        "isograd.report.terminal_graph:render_graphs",
        "isograd.report.graph:write_graphs",
    ),
    "isograd/frontier": Kind(
        "frontier.json",
        "isograd.frontier:Frontier",
        "isograd.report.terminal_frontier:render_frontier",
        "isograd.report.frontier:write_frontier",
    ),
    "isograd/scaling": Kind(
        "scaling.json",
        "isograd.scaling.record:Scaling",
        "isograd.report.terminal_scaling:render_scaling",
        "isograd.report.scaling:write_scaling",
    ),
    "isograd/probes": Kind(
        "probes.json",
        "isograd.probes.result:Probes",
        "isograd.report.terminal_probes:render_probes",
        "isograd.report.probes:write_probes",
    ),
    "isograd/advice": Kind(
        "advice.json",
        "isograd.advice:Advice",
        "isograd.report.terminal_advice:render_advice",
        "isograd.report.advised:write_advice",
    ),
    "isograd/claims": Kind(
        "claims.json",
        "isograd.claims.record:Claims",
        "isograd.report.terminal_claims:render_claims",
        "isograd.report.claims:write_claims",
    ),
    "isograd/tuning": Kind(
        "tuning.json",
        "isograd.tuning:Tuning",
        "isograd.report.terminal_tuning:render_tuning",
        "isograd.report.tuning:write_tuning",
    ),
    "isograd/sweep": Kind(
        "sweep.json",
        "isograd.sweeping.record:Sweep",
        "isograd.report.terminal_sweep:render_sweep",
        "isograd.report.sweep:write_sweep",
    ),
    "isograd/feeding": Kind(
        "feeding.json",
        "isograd.feeding:Feeding",
        "isograd.report.terminal_data:render_feeding",
        "isograd.report.data:write_feeding",
    ),
}
"""Schema, without its version, to the kind. Of several records in a folder, the first is meant."""


@dataclass(frozen=True)
class Found:
    """A record that was read from ``path``."""

    path: Path
    kind: Kind
    record: Saved

    def render(self, console: Console, report: str = "") -> None:
        """Shows it in the terminal."""
        _named(self.kind.render)(self.record, console, report=report)

    def write(self, folder: Path) -> list[Path]:
        """Writes it and its page: over older pages of the same record, never over another one.
        Raises `UsageError` otherwise."""
        beside = {name: self._beside(schema) for name, schema in self.kind.beside.items()}
        write: Callable[..., Path | list[Path]] = _named(self.kind.write)
        paths = write(self.record, folder, replace=self._is_in(folder), **beside)
        return paths if isinstance(paths, list) else [paths]

    def _beside(self, schema: str) -> Saved | None:
        path = self.path.parent / KINDS[schema].file
        return read(path).record if path.exists() else None

    def _is_in(self, folder: Path) -> bool:
        path = folder / self.kind.file
        return path.exists() and read(path).record.to_json() == self.record.to_json()


def read(path: Path) -> Found:
    """The record in a file, or in a folder that holds one. Raises `UsageError` when there is none,
    or when it is damaged or of a version that this one does not read."""
    file = _file(path)
    text = read_text(file)
    schema = schema_of(text, str(file))
    kind = KINDS.get(schema.rpartition("/")[0])
    if kind is None:
        raise UsageError(f"Nothing here shows records of the schema {schema!r}.", where=str(file))
    return Found(file, kind, kind.cls.from_json(text, str(file)))


def _file(path: Path) -> Path:
    """The file that is meant; what is not there is found out on reading."""
    if not path.is_dir():
        return path
    inside = [path / kind.file for kind in KINDS.values()]
    found = next((file for file in inside if file.exists()), None)
    if found is None:
        raise UsageError(
            "This folder holds no result.",
            where=str(path),
            hint=f"A result is called {', '.join(kind.file for kind in KINDS.values())}.",
        )
    return found


def _named(name: str) -> Any:
    module, _, symbol = name.partition(":")
    return getattr(import_module(module), symbol)
