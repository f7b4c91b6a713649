"""Native source on disk, and one worker process for each framework and mode."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from isograd.bench.choosing import choose_modes
from isograd.errors import MissingDependency, UsageError, WorkerError
from isograd.frameworks import installed, part
from isograd.frameworks.protocol import Emitted, Original, Precision
from isograd.frameworks.side import Side, emitted_as_it_is, plan
from isograd.ir.graph import Graph
from isograd.ir.imported import Imported
from isograd.measure.process import LocalWorker, RemoteExecutor, WorkerProcess
from isograd.measure.worker_environment import worker_environment
from isograd.progress import Progress
from isograd.references import Reference
from isograd.result import Mode
from isograd.training import Recipe

ORIGINAL = "original"
"""The mode in which a user's own network runs as it is."""

PARALLEL = 2
"""How many workers prove at the same time; nothing is timed meanwhile."""


@dataclass(frozen=True)
class Setting:
    """What all modes of a run have in common.

    ``twins`` replaces the graph for single frameworks, to hold two different networks against each
    other; their parameters must have the reference's names and shapes. ``original`` and
    ``imported`` are there for a network that a user brought: it then runs as it is, too, and first.
    """

    graph: Graph
    recipe: Recipe
    directory: Path
    device: str = "cpu"
    threads: int = 1
    idiomatic: bool = False
    input_layout: str | None = None
    steps_per_call: int = 1
    timeout_s: float = 600.0
    twins: dict[str, Graph] = field(default_factory=dict)
    twin_recipes: dict[str, Recipe] = field(default_factory=dict)
    original: Original | None = None
    imported: Imported | None = None


class Bench:
    """One framework in one mode: its emitted source, its worker and its executors."""

    def __init__(self, setting: Setting, mode: Mode, emitted: Emitted, *, tag: str = "") -> None:
        self.setting = setting
        self.mode = mode
        self.emitted = emitted
        self.graph = setting.twins.get(mode.framework, setting.graph)
        self.recipe = setting.twin_recipes.get(mode.framework, setting.recipe)
        logs = setting.directory / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        name = f"{mode.framework}-{mode.mode}{tag}"
        self._cache = logs / f"{name}-compiler-cache"
        self.original = setting.original if mode.mode == ORIGINAL else None
        live = self.original and not isinstance(self.original.network, Reference)
        self.worker: WorkerProcess | LocalWorker = (
            LocalWorker()
            if live
            else WorkerProcess(
                logs / f"{name}.log",
                worker_environment(setting.device, setting.threads, self._cache),
                timeout_s=setting.timeout_s,
            )
        )
        self._sides: dict[str, Side] = {}

    def start(self) -> None:
        """Imports the framework in the worker; notes how long that took."""
        setting = self.setting
        self.mode.import_s = self.worker.call(
            "start", self.mode.framework, setting.device, setting.threads
        )

    def side(
        self,
        dtype: Literal["float32", "float64"] = "float32",
        *,
        shared_masks: bool = False,
        precision: Precision = "float32",
    ) -> Side:
        """The network in this type, computing in this precision, opened on first use."""
        key = f"{dtype}, {precision}, masks {'shared' if shared_masks else 'native'}"
        if key not in self._sides:
            setting = self.setting
            executor = RemoteExecutor(
                self.worker,
                key,
                plan(
                    self.graph,
                    self.emitted,
                    source_path(setting.directory, self.mode.framework),
                    self.mode.mode,
                    self.recipe,
                    dtype=dtype,
                    shared_masks=shared_masks and bool(self.emitted.dropouts),
                    steps_per_call=setting.steps_per_call,
                    device=setting.device,
                    threads=setting.threads,
                    idiomatic=setting.idiomatic,
                    original=self.original,
                    precision=precision,
                ),
            )
            self._sides[key] = Side(self.graph, self.emitted, executor)
        return self._sides[key]

    @property
    def executor(self) -> RemoteExecutor:
        """The float32 executor that is measured and trained."""
        executor = self.side().executor
        assert isinstance(executor, RemoteExecutor)
        return executor

    def close(self) -> None:
        """Ends the worker and removes what its compiler kept."""
        self.worker.close()
        shutil.rmtree(self._cache, ignore_errors=True)


class Workbench:
    """Emits the sources, starts the workers, and keeps going when one of them fails."""

    def __init__(self, setting: Setting, wanted: Sequence[str] = ()) -> None:
        self.setting = setting
        self.modes = [Mode(framework, mode) for framework, mode in choose_modes(wanted)]
        self.benches: dict[str, Bench] = {}
        frameworks = dict.fromkeys(mode.framework for mode in self.modes)
        self.emitted = {framework: write_source(setting, framework) for framework in frameworks}
        if setting.original:
            self.modes.insert(0, Mode(setting.original.framework, ORIGINAL))

    def start(self, mode: Mode) -> None:
        """Starts a mode's worker; a mode that cannot run gets a status and a reason instead."""
        if not installed(mode.framework):
            mode.status = "not installed"
            mode.reason = f"pip install 'isograd[{mode.framework}]'"
            return
        bench = Bench(self.setting, mode, self._emitted_for(mode))
        self.benches[mode.label] = bench
        self.guard(bench, Bench.start)
        if mode.label in self.benches:
            mode.status = "ok"

    def start_all(self, progress: Progress, phase: str = "starting") -> None:
        """Starts the workers of all modes, one after the other."""
        progress.phase(phase, len(self.modes))
        for mode in self.modes:
            self.start(mode)
            progress.advance(mode.label)

    def _emitted_for(self, mode: Mode) -> Emitted:
        if mode.mode == ORIGINAL and self.setting.imported:
            return emitted_as_it_is(self.setting.imported)
        return self.emitted[mode.framework]

    def guard(self, bench: Bench, work: Callable[[Bench], None]) -> None:
        """Does the work; if it cannot be done, the mode gets the reason and the others go on."""
        try:
            work(bench)
        except WorkerError as error:
            self.fail(bench, error.status, error.what)
        except UsageError as error:
            self.fail(bench, "unsupported", error.sentence())

    def fail(self, bench: Bench, status: str, reason: str) -> None:
        """Takes a bench out, with the reason."""
        bench.mode.status, bench.mode.reason = status, reason
        self._drop(bench)

    def each(self, benches: Iterable[Bench], work: Callable[[Bench], None]) -> None:
        """Does the work for several benches, `PARALLEL` at a time."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            tasks = [pool.submit(self.guard, bench, work) for bench in benches]
            try:
                for task in tasks:
                    task.result()
            except BaseException:
                for task in tasks:
                    task.cancel()
                for bench in list(self.benches.values()):
                    bench.worker.kill()
                raise

    @property
    def alive(self) -> list[Bench]:
        """The benches that still work, in the order of the modes."""
        return list(self.benches.values())

    @property
    def reference(self) -> Bench:
        """The first mode that runs.

        Raises `MissingDependency`, `UsageError` or `WorkerError`, whatever kept all from running.
        """
        if not self.benches:
            states = {mode.status for mode in self.modes}
            kinds = {"not installed": MissingDependency, "unsupported": UsageError}
            kind = kinds.get(states.pop(), WorkerError) if len(states) == 1 else WorkerError
            raise kind("No mode could run.", hint=self.modes[0].reason)
        return next(iter(self.benches.values()))

    def _drop(self, bench: Bench) -> None:
        bench.close()
        self.benches = {label: b for label, b in self.benches.items() if b is not bench}

    def close(self) -> None:
        """Ends all workers."""
        for bench in self.alive:
            bench.close()


def write_source(setting: Setting, framework: str) -> Emitted:
    """Emits a run's graph for a framework, and writes the source into the run's directory."""
    graph = setting.twins.get(framework, setting.graph)
    emitted: Emitted = part(framework, "emitter").emit(
        graph, idiomatic=setting.idiomatic, input_layout=setting.input_layout
    )
    path = source_path(setting.directory, framework)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(emitted.source, encoding="utf-8")
    return emitted


def source_path(directory: Path, framework: str) -> Path:
    """Where a framework's emitted source lies in a run's directory."""
    return directory / framework / "model.py"
