"""Building a form in a worker process of its framework, into a folder that runs by itself."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from isograd.deploy.artefact import Artefact, Order
from isograd.deploy.candidates import RUNTIMES, Candidate
from isograd.errors import MissingDependency, UsageError
from isograd.frameworks import installed, part

LOADERS = Path(__file__).with_name("loaders")


@dataclass(frozen=True)
class Built:
    """A form on disk: its folder, what it consists of, the seconds that it took, its bytes."""

    folder: Path
    artefact: Artefact
    seconds: float

    @property
    def size(self) -> int:
        """Bytes of the files that have to be shipped."""
        return sum((self.folder / name).stat().st_size for name in self.artefact.files)


class Caller(Protocol):
    """A worker; see `isograd.measure.process.WorkerProcess`."""

    def call(self, method: str, *arguments: Any) -> Any:
        """A request and its answer."""


def build(worker: Caller, candidate: Candidate, order: Order) -> Built:
    """Has ``order`` built, in a worker that the candidate's framework was started in.

    The folder gets ``load.py`` and ``artefact.json`` beside the form's own files: with
    ``serve.py`` it then runs anywhere. Raises whatever keeps the form from being built
    (`UsageError`, `MissingDependency`, `WorkerError`).
    """
    artefact, seconds = worker.call("run", build_here, candidate.framework, order)
    lost = [name for name in artefact.files if not (order.folder / name).is_file()]
    if lost:
        raise UsageError(f"The form lacks a file that it consists of: {lost[0]}.")
    shutil.copyfile(LOADERS / f"{artefact.loader}.py", order.folder / "load.py")
    about = {
        "candidate": candidate.id,
        "imports": RUNTIMES[candidate.runtime],
        "options": dict(artefact.options),
        "files": list(artefact.files),
        "notes": list(artefact.notes),
    }
    path = order.folder / "artefact.json"
    path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return Built(order.folder, artefact, seconds)


def build_here(framework: str, order: Order) -> tuple[Artefact, float]:
    """The framework's own builder, in this process; with the seconds that it took."""
    builder: Callable[[Order], Artefact] = part(framework, "deploy").build
    begin = perf_counter()
    artefact = builder(order)
    return artefact, perf_counter() - begin


def check_installed(candidate: Candidate) -> None:
    """Raises `MissingDependency`, with the line that helps, where the framework or a package is
    not there; imports nothing."""
    if not installed(candidate.framework):
        raise MissingDependency(
            f"{candidate.framework} is not installed.",
            hint=f"pip install 'isograd[{candidate.framework}]'",
        )
    for name in candidate.packages:
        if importlib.util.find_spec(name) is None:
            raise MissingDependency(
                f"The package {name} is not installed.",
                hint=f"pip install 'isograd[{candidate.extra}]'",
            )
