"""Results of earlier runs, read again: what claims are judged by and advice follows from.

Only what was found with the installed versions, on this processor, counts; the rest is refused with
the reason. Nothing is unpickled, and no framework is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from isograd.errors import UsageError
from isograd.measure.environment import environment
from isograd.records import KINDS, kind_name
from isograd.result import Result, read_text, schema_of

if TYPE_CHECKING:
    from isograd.effort.record import Effort
    from isograd.frontier import Frontier
    from isograd.observation import Observation
    from isograd.probes.result import Probes
    from isograd.scaling.record import Scaling
    from isograd.views.document import Graphs

USUAL = Path("isograd-runs")
"""Where runs keep their results if nothing is said."""

DECISIVE = ("torch", "tensorflow", "tensorflow-cpu", "keras")
"""Packages whose version a result is tied to."""

DEPTH = 3
"""Folders below a given one that are looked into: a run, its parts, their parts."""

T = TypeVar("T")


@dataclass(frozen=True)
class Found(Generic[T]):
    """A result that was read. ``created`` is when it was made, with its time zone; ``versions`` are
    those of the packages that it was made with."""

    record: T
    path: Path
    created: datetime
    versions: Mapping[str, str]

    def age(self, now: datetime | None = None) -> timedelta:
        """How old it is; never negative."""
        return max((now or datetime.now(UTC)) - self.created, timedelta(0))


@dataclass(frozen=True)
class Refused:
    """A result that does not count, and why."""

    path: Path
    reason: str


@dataclass
class Evidence:
    """What was found, the newest of each kind first."""

    compares: list[Found[Result]] = field(default_factory=list)
    graphs: list[Found[Graphs]] = field(default_factory=list)
    frontiers: list[Found[Frontier]] = field(default_factory=list)
    scalings: list[Found[Scaling]] = field(default_factory=list)
    probes: list[Found[Probes]] = field(default_factory=list)
    observations: list[Found[Observation]] = field(default_factory=list)
    efforts: list[Found[Effort]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def observation(self, name: str) -> Found[Observation] | None:
        """The newest one of this name."""
        return next((one for one in self.observations if one.record.name == name), None)


@dataclass(frozen=True)
class Here:
    """What a result must have been made with to count: versions by package, and the processor."""

    versions: Mapping[str, str]
    processor: str

    @classmethod
    def now(cls) -> Here:
        """What is installed, and where."""
        around = environment()
        return cls(around["packages"], around["processor"])

    def objection(self, versions: Mapping[str, str], processor: str | None) -> str:
        """Why a result of these versions does not count; empty if it does. A result that does not
        say what processor it is from has no figures that depend on it."""
        if not versions:
            return "it does not say which versions it was made with"
        for name in DECISIVE:
            if name in versions and versions[name] != self.versions.get(name):
                own = self.versions.get(name, "none")
                return f"made with {name} {versions[name]}; {own} is installed"
        if processor and processor != self.processor:
            return f"measured on another processor: {processor}"
        return ""


LISTS = {
    "isograd/result": "compares",
    "isograd/graphs": "graphs",
    "isograd/frontier": "frontiers",
    "isograd/scaling": "scalings",
    "isograd/probes": "probes",
    "isograd/observation": "observations",
    "isograd/effort": "efforts",
}
"""Kind of record (see `isograd.records`) to the list of `Evidence` that it goes into."""


def gather(folders: Sequence[Path], here: Here | None = None) -> Evidence:
    """All results in these folders, and in folders below them.

    Args:
        folders: runs' folders, or folders of runs such as `USUAL`; a result's file counts, too.
        here: what a result must have been made with; by default what is installed.

    A file that is damaged, of another version or from another machine is among ``refused``. Raises
    `UsageError` for a folder that is not there.

    """
    here = here or Here.now()
    evidence = Evidence()
    for path in _files(folders):
        _take(path, evidence, here)
    for name in LISTS.values():
        getattr(evidence, name).sort(key=lambda found: found.created, reverse=True)
    return evidence


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    """Each file once, however often it is named."""
    seen = set()
    for folder in folders:
        if not folder.exists():
            raise UsageError("There is no such folder.", where=str(folder))
        for path in [folder] if folder.is_file() else sorted(_below(folder, DEPTH)):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def _below(folder: Path, depth: int) -> Iterator[Path]:
    yield from (path for name in LISTS if (path := folder / KINDS[name].file).is_file())
    for inner in folder.iterdir() if depth else ():
        if inner.is_dir() and not inner.is_symlink():
            yield from _below(inner, depth - 1)


def _take(path: Path, evidence: Evidence, here: Here) -> None:
    """Reads a file; what is no result of these kinds is passed over."""
    try:
        text = read_text(path)
        name = kind_name(schema_of(text, str(path)))
        record = KINDS[name].cls.from_json(text, str(path)) if name in LISTS else None
    except UsageError as error:
        evidence.refused.append(Refused(path, error.sentence()))
        return
    if record is None:
        return
    versions, processor = _made_with(record)
    objection = here.objection(versions, processor)
    if objection:
        evidence.refused.append(Refused(path, objection))
    else:
        found = Found(record, path, _created(record, path), versions)
        getattr(evidence, LISTS[name]).append(found)


def _made_with(record: Any) -> tuple[Mapping[str, str], str | None]:
    around = getattr(record, "environment", None)
    if around is None:
        return record.versions, None
    return around.get("packages", {}), around.get("processor")


def _created(record: Any, path: Path) -> datetime:
    """When it says that it was made; otherwise when its file was written."""
    try:
        moment = datetime.fromisoformat(record.created)
    except (AttributeError, ValueError, TypeError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
