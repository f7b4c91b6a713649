"""`graph`: what each framework makes of one network and one training step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from math import prod
from pathlib import Path

from isograd.bench.choosing import choose_views
from isograd.errors import DataDependent, IsogradError, MissingDependency
from isograd.frameworks import OPTIMISED, installed, part
from isograd.frameworks.protocol import Subject
from isograd.ir.graph import Graph
from isograd.ir.inputs import InputSpec
from isograd.measure.environment import versions
from isograd.models import load
from isograd.progress import SILENT, Progress
from isograd.proof import make_trial
from isograd.run.live import live_graph
from isograd.run.overlays import overlays
from isograd.run.retracing import own_network, show_tracing
from isograd.run.step import Step, make_subject, worker_for
from isograd.training import Recipe
from isograd.views import Graphs, View
from isograd.views.changes import all_changes
from isograd.views.cost import costs
from isograd.views.document import Layer

BATCH_SIZE = 32


def graph(
    model: object,
    recipe: Recipe | None = None,
    *,
    inputs: Sequence[str | InputSpec] = (),
    trust: bool = False,
    views: Sequence[str] = (),
    with_overlays: bool = False,
    device: str = "cpu",
    threads: int = 1,
    timeout_s: float = 600.0,
    seed: int = 0,
    tensorboard: Path | None = None,
    progress: Progress = SILENT,
) -> Graphs:
    """The views of one training step; for a named network whose control flow depends on data, see
    `isograd.run.live.live_graph`.

    Args:
        model: whatever `isograd.load` takes; the network is emitted in each framework.
        recipe: loss, optimizer and batch size of the step; by default Adam, the model's usual loss
            and 32 examples.
        inputs: what the network is called with, such as ``"x=float32[N,3,32,32]"``.
        trust: let a model file bring code of its own.
        views: the wanted ones, such as ``torch/autograd``, ``torch`` or ``xla``; by default all.
        device: ``cpu`` or ``cuda``.
        threads: of each framework.
        timeout_s: seconds that one view may take.
        seed: of the weights and the batch.
        with_overlays: measure time, memory and error of each node, too.
        tensorboard: folder for a log that TensorBoard reads.
        progress: is told what is being done.

    Raises `UsageError` for views that are not known and ops that no framework has, and
    `MissingDependency` where a log is wanted and TensorFlow is not installed. A view that
    cannot be made is kept with the reason, and the others go on.

    """
    if tensorboard:
        _check_log()
    try:
        known = load(model, inputs, trust=trust)
    except DataDependent as depends:
        if not isinstance(model, str):
            raise
        return live_graph(
            model,
            depends.framework,
            inputs,
            batch_size=recipe.batch_size if recipe else BATCH_SIZE,
            views=views,
            threads=threads,
            timeout_s=timeout_s,
            seed=seed,
            trust=trust,
            progress=progress,
        )
    network = known.graph
    recipe = recipe or Recipe(known.loss, batch_size=BATCH_SIZE)
    trial = make_trial(
        network, recipe, None, seed, known.initial_state(seed), known.bounds, recorded=(1,)
    )
    step = Step(known, recipe, trial, device, threads, timeout_s)
    chosen = choose_views(views)
    found = _views(step, chosen, progress)
    measured = overlays(step, list(chosen), progress=progress) if with_overlays else []
    if tensorboard:
        _log(step, found, tensorboard)
    return Graphs(
        model=known.reference,
        training=f"{recipe.loss.name}, {recipe.optimizer.name}",
        batch_size=recipe.batch_size,
        parameters=network.count_parameters(),
        versions=versions(),
        views=found,
        layers=_layers(network, recipe.batch_size),
        changes=all_changes(found, OPTIMISED),
        overlays=measured,
    )


def _check_log() -> None:
    if not installed("tensorflow"):
        raise MissingDependency(
            "A TensorBoard log is written by TensorFlow, which is not installed.",
            hint="Install it: pip install 'isograd[tensorflow]'",
        )


def _views(step: Step, chosen: Mapping[str, Sequence[str]], progress: Progress) -> list[View]:
    """The chosen ones, tied to the user's own lines."""
    progress.phase("views", sum(map(len, chosen.values())))
    found = []
    for framework, stages in chosen.items():
        for view in _captured(step, framework, stages):
            settle(view, step.model.graph)
            found.append(view)
            progress.advance(view.id)
    return found


def settle(view: View, graph: Graph) -> None:
    """Gives every operation the module and the user's line of the node that it belongs to."""
    nodes = {node.name: node for node in graph.nodes}
    for operation in view.operations:
        node = nodes.get(operation.node or "")
        if node is not None:
            operation.scope = node.scope
            operation.source = node.source


def _captured(step: Step, framework: str, stages: Sequence[str]) -> Iterator[View]:
    """The views of one framework, made in a process of its own; a new one where it dies."""
    if not installed(framework):
        for stage in stages:
            hint = f"pip install 'isograd[{framework}]'"
            yield _skipped(framework, stage, f"{framework} is not installed: {hint}")
        return
    with tempfile.TemporaryDirectory(prefix="isograd-") as name:
        folder = Path(name)
        subject = make_subject(step, framework, folder)
        views: list[View] = []
        with closing(worker_for(step, framework, folder)) as worker:
            for stage in stages:
                try:
                    view = worker.call("run", capture, framework, stage, subject)
                except IsogradError as error:
                    view = _skipped(framework, stage, error.sentence())
                views.append(view)
                yield view
            show_tracing(worker, views, subject, own_network(step.model, framework, step.recipe))


def capture(framework: str, stage: str, subject: Subject) -> View:
    """One view, in a process in which the framework has been set up."""
    view: View = part(framework, "views").capture(stage, subject)
    view.check()
    return view


def _log(step: Step, views: list[View], folder: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="isograd-") as name,
        closing(worker_for(step, "tensorflow", Path(name))) as worker,
    ):
        worker.call("run", write_log, views, folder)


def write_log(views: list[View], folder: Path) -> None:
    """Writes a TensorBoard log, in a process in which TensorFlow has been set up."""
    part("tensorflow", "tensorboard").write_log(views, folder)


def _skipped(framework: str, stage: str, reason: str) -> View:
    return View(framework, stage, stage, "", status="skipped", reason=reason)


def _layers(graph: Graph, batch: int) -> list[Layer]:
    cost = costs(graph, batch)
    return [
        Layer(
            name=node.name,
            op=type(node.op).__name__,
            scope=node.scope,
            source=node.source,
            inputs=list(node.inputs),
            type=f"{node.type.dtype}[{', '.join(map(str, node.type.shape))}]",
            parameters=sum(prod(graph.parameters[p].shape) for p in node.parameters.values()),
            flops=cost[node.name].flops,
            bytes=cost[node.name].bytes,
        )
        for node in graph.nodes
    ]
