"""`graph` for a network that depends on data: no one graph holds it, so that it is shown while it
runs as it is, in its own framework alone."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from isograd.errors import IsogradError, UsageError
from isograd.frameworks import LIVE_VIEWS, part
from isograd.frameworks.protocol import Live, Original
from isograd.ir.inputs import InputSpec, parse_input
from isograd.measure.environment import versions
from isograd.measure.process import WorkerProcess
from isograd.measure.worker_environment import worker_environment
from isograd.progress import Progress
from isograd.reference_text import parse_reference
from isograd.run.graph import SILENT, choose_views
from isograd.views import Graphs, View

TRAINING = "gradients of the mean square of its outputs"


def live_graph(
    network: str,
    framework: str,
    inputs: Sequence[str | InputSpec],
    *,
    batch_size: int,
    views: Sequence[str] = (),
    threads: int = 1,
    timeout_s: float = 600.0,
    seed: int = 0,
    trust: bool = False,
    progress: Progress = SILENT,
) -> Graphs:
    """What a user's own network does at several calls, and what each static view demands instead.

    Args:
        network: what names it; see `isograd.models.load`, which refuses it with `DataDependent`.
        framework: its own.
        inputs: what it is called with, as in `isograd.models.load`.
        batch_size: examples in a call.
        views: the wanted ones; those that are not among `LIVE_VIEWS` are left out.
        threads: of the framework.
        timeout_s: seconds that the views of one stage may take.
        seed: of the weights, if the network draws some, and of the calls.
        trust: let a model file bring code of its own.
        progress: is told what is being done.

    Raises `UsageError` where none of the wanted views is one of such a network.

    """
    stages = _stages(framework, views)
    specs = tuple(parse_input(one, "x") if isinstance(one, str) else one for one in inputs)
    original = Original(framework, parse_reference(network), specs, trust)
    live = Live(original, batch_size, seed)
    progress.phase("views", len(stages))
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        worker = _Worker(framework, Path(folder), threads, timeout_s)
        found = []
        for stage in stages:
            found += worker.views(stage, live)
            progress.advance(f"{framework}/{stage}")
        parameters = worker.count_parameters(live)
        worker.close()
    return Graphs(network, TRAINING, batch_size, parameters, versions(), found)


def _stages(framework: str, wanted: Sequence[str]) -> list[str]:
    chosen = choose_views(wanted).get(framework, [])
    stages = [stage for stage in LIVE_VIEWS[framework] if stage in chosen]
    if not stages:
        known = ", ".join(LIVE_VIEWS[framework])
        raise UsageError(
            "The network decides what to compute by the values of its inputs; it has none of these "
            f"views in {framework}.",
            hint=f"It has: {known}.",
        )
    return stages


class _Worker:
    """The process in which the user's code runs; another one where it dies."""

    def __init__(self, framework: str, folder: Path, threads: int, timeout_s: float) -> None:
        self._framework = framework
        self._folder = folder
        self._threads = threads
        self._timeout_s = timeout_s
        self._process: WorkerProcess | None = None

    def views(self, stage: str, live: Live) -> list[View]:
        """Those of one stage; one that says why, where there are none."""
        try:
            found: list[View] = self._started().call("run", capture, self._framework, stage, live)
            return found
        except IsogradError as error:
            if getattr(error, "status", "failed") != "failed":
                self.close()
            reason = " ".join(filter(None, (error.what, error.hint)))
            return [View(self._framework, stage, stage, "", status="skipped", reason=reason)]

    def count_parameters(self, live: Live) -> int:
        """Of the network; 0 where it cannot be made."""
        try:
            return int(self._started().call("run", count_parameters, self._framework, live))
        except IsogradError:
            return 0

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def _started(self) -> WorkerProcess:
        if self._process is None:
            environment = worker_environment("cpu", self._threads, self._folder / "compiler-cache")
            log = self._folder / f"{self._framework}.log"
            self._process = WorkerProcess(log, environment, timeout_s=self._timeout_s)
            self._process.call("start", self._framework, "cpu", self._threads)
        return self._process


def capture(framework: str, stage: str, live: Live) -> list[View]:
    """The views of one stage, in a process in which the framework has been set up."""
    views: list[View] = part(framework, "views.live").capture(stage, live)
    for view in views:
        view.check()
    return views


def count_parameters(framework: str, live: Live) -> int:
    """Numbers in all parameters, in such a process."""
    count: int = part(framework, "views.live").count_parameters(live)
    return count
