"""`graph` for a network that depends on data: no one graph holds it, so that it is shown while it
runs as it is, in its own framework alone."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from isograd.bench.choosing import choose_views
from isograd.errors import IsogradError, UsageError
from isograd.frameworks import LIVE_VIEWS, part
from isograd.frameworks.protocol import Live, Original
from isograd.ir.inputs import InputSpec, parse_input
from isograd.measure.environment import versions
from isograd.measure.renewed import RenewedWorker
from isograd.progress import SILENT, Progress
from isograd.reference_text import parse_reference
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
        worker = RenewedWorker(
            framework, Path(folder), device="cpu", threads=threads, timeout_s=timeout_s
        )
        found = []
        with closing(worker):
            for stage in stages:
                found += _views(worker, framework, stage, live)
                progress.advance(f"{framework}/{stage}")
            parameters = _parameters(worker, framework, live)
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


def _views(worker: RenewedWorker, framework: str, stage: str, live: Live) -> list[View]:
    """Those of one stage; one that says why, where there are none."""
    try:
        found: list[View] = worker.call("run", capture, framework, stage, live)
        return found
    except IsogradError as error:
        return [View(framework, stage, stage, "", status="skipped", reason=error.sentence())]


def _parameters(worker: RenewedWorker, framework: str, live: Live) -> int:
    """Of the network; 0 where it cannot be made."""
    try:
        return int(worker.call("run", count_parameters, framework, live))
    except IsogradError:
        return 0


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
