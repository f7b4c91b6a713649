"""What shows a saved record, for each kind; nothing is imported before a record of it is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isograd.errors import UsageError
from isograd.records import KINDS, kind_name, kind_of
from isograd.result import Saved, read_text, schema_of

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Shown:
    """Both are ``module:name``: ``render(record, console, report="")`` for the terminal, and
    ``write(record, folder, replace=False)`` for the record with its page, which gives a path or
    several. ``beside`` names records that lie in the same folder and go onto the same page, by the
    keyword that ``write`` takes them under."""

    render: str
    write: str
    beside: Mapping[str, str] = field(default_factory=dict)


SHOWN = {
    "isograd/study": Shown(
        "isograd.report.terminal_study:render_study", "isograd.report.studied:write_study"
    ),
    "isograd/result": Shown(
        "isograd.report.terminal:render",
        "isograd.report:write",
        beside={"graphs": "isograd/graphs"},
    ),
    "isograd/explanation": Shown(
        "isograd.report.terminal_explanation:render_explanation",
        "isograd.report.explanation:write_explanation",
    ),
    "isograd/graphs": Shown(
        "isograd.report.terminal_graph:render_graphs", "isograd.report.graph:write_graphs"
    ),
    "isograd/frontier": Shown(
        "isograd.report.terminal_frontier:render_frontier", "isograd.report.frontier:write_frontier"
    ),
    "isograd/scaling": Shown(
        "isograd.report.terminal_scaling:render_scaling", "isograd.report.scaling:write_scaling"
    ),
    "isograd/probes": Shown(
        "isograd.report.terminal_probes:render_probes", "isograd.report.probes:write_probes"
    ),
    "isograd/advice": Shown(
        "isograd.report.terminal_advice:render_advice", "isograd.report.advised:write_advice"
    ),
    "isograd/claims": Shown(
        "isograd.report.terminal_claims:render_claims", "isograd.report.claims:write_claims"
    ),
    "isograd/tuning": Shown(
        "isograd.report.terminal_tuning:render_tuning", "isograd.report.tuning:write_tuning"
    ),
    "isograd/sweep": Shown(
        "isograd.report.terminal_sweep:render_sweep", "isograd.report.sweep:write_sweep"
    ),
    "isograd/feeding": Shown(
        "isograd.report.terminal_data:render_feeding", "isograd.report.data:write_feeding"
    ),
}
"""Kind of record (see `isograd.records`) to what shows it. Of several in a folder, the first is
meant."""


@dataclass(frozen=True)
class Found:
    """A record that was read from ``path``."""

    path: Path
    record: Saved

    @property
    def _shown(self) -> Shown:
        return SHOWN[kind_name(self.record.schema)]

    def render(self, console: Console, report: str = "") -> None:
        """Shows it in the terminal."""
        _named(self._shown.render)(self.record, console, report=report)

    def write(self, folder: Path) -> list[Path]:
        """Writes it and its page: over older pages of the same record, never over another one.
        Raises `UsageError` otherwise."""
        beside = {name: self._beside(schema) for name, schema in self._shown.beside.items()}
        write: Callable[..., Path | list[Path]] = _named(self._shown.write)
        paths = write(self.record, folder, replace=self._is_in(folder), **beside)
        return paths if isinstance(paths, list) else [paths]

    def _beside(self, schema: str) -> Saved | None:
        path = self.path.parent / KINDS[schema].file
        return read(path).record if path.exists() else None

    def _is_in(self, folder: Path) -> bool:
        path = folder / kind_of(type(self.record)).file
        return path.exists() and read(path).record.to_json() == self.record.to_json()


def read(path: Path) -> Found:
    """The record in a file, or in a folder that holds one. Raises `UsageError` when there is none,
    or when it is damaged or of a version that this one does not read."""
    file = _file(path)
    text = read_text(file)
    schema = schema_of(text, str(file))
    name = kind_name(schema)
    if name not in SHOWN:
        raise UsageError(f"Nothing here shows records of the schema {schema!r}.", where=str(file))
    return Found(file, KINDS[name].cls.from_json(text, str(file)))


def _file(path: Path) -> Path:
    """The file that is meant; what is not there is found out on reading."""
    if not path.is_dir():
        return path
    names = [KINDS[name].file for name in SHOWN]
    found = next((path / name for name in names if (path / name).exists()), None)
    if found is None:
        raise UsageError(
            "This folder holds no result.",
            where=str(path),
            hint=f"A result is called {', '.join(names)}.",
        )
    return found


def _named(name: str) -> Any:
    module, _, symbol = name.partition(":")
    return getattr(import_module(module), symbol)
