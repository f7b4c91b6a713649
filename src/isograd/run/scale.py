"""`scale`: one training on several workers. Is it still the same, and how much faster is it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from isograd.bench.fit import check_fit, usual_data
from isograd.bench.training import Course
from isograd.data import Dataset
from isograd.data import load as load_data
from isograd.errors import IsogradError, UsageError, unknown
from isograd.frameworks import ENGINES, installed, part
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Array
from isograd.measure.environment import environment
from isograd.models import Model, load
from isograd.progress import Progress, Silent
from isograd.report.files import save_record
from isograd.run.folders import new_directory
from isograd.scaling.engine import Engine, Plan, Task
from isograd.scaling.forecasting import forecast, why_none
from isograd.scaling.job import Job, batches
from isograd.scaling.record import EngineResult, Scaling
from isograd.scaling.request import Request
from isograd.scaling.throughput import Throughput, usable_processors
from isograd.scaling.training import Trainings
from isograd.started import command_line, now
from isograd.training import Recipe

USUAL = ("ddp", "multiworker")
"""The engines that are tried when none is named."""


def scale(
    model: object,
    request: Request | None = None,
    *,
    inputs: Sequence[str | InputSpec] = (),
    trust: bool = False,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Scaling, Path]:
    """Trains a network on several workers and measures what that buys.

    Args:
        model: whatever `isograd.load` takes.
        request: what to do; by default 1 and 2 workers with the model's usual data set and loss.
        inputs: what the network is called with.
        trust: let a model file bring code of its own.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the record and its folder, in which ``scaling.json``, the page, a job's folder for each
    framework and everything that the workers wrote lie. What is found is written as it comes.

    Raises `UsageError` for bad input.

    """
    found = load(model, inputs, trust=trust)
    request = request or Request(Recipe(loss=found.loss), usual_data(found))
    engines = chosen(request.engines)
    material = Material.of(found, request)
    directory = new_directory(out, f"scale-{found.graph.name}", Scaling)
    record = Scaling(
        command=command_line(command),
        created=now(),
        model=found.summary,
        data=material.dataset.summary,
        training={**request.recipe.to_dict(), "steps": request.steps, "seed": request.seed},
        environment=environment(),
        settings=request.to_dict(),
        engines=[EngineResult(e.name, f, e.title, e.recovery) for f, e in engines],
    )
    watched = progress or Silent()
    trainings = Trainings(found, request, directory, watched)
    begin = perf_counter()
    try:
        for (framework, engine), result in zip(engines, record.engines, strict=True):
            if not installed(framework):
                result.status = "not installed"
                result.reason = f"pip install 'isograd[{framework}]'"
                continue
            result.status = "ok"
            job = material.job(directory / framework)
            _one(engine, result, job, trainings, request, directory, watched)
            record.duration_s = perf_counter() - begin
            save_record(record, directory)
        record.status = "complete"
    except KeyboardInterrupt:
        record.reason = "interrupted"
    record.notes = [*trainings.notes, *_busy(record)]
    record.duration_s = perf_counter() - begin
    save_record(record, directory)
    return record, directory


@dataclass(frozen=True)
class Material:
    """What jobs are made of: the same network, data and order of batches for each framework."""

    model: Model
    dataset: Dataset
    course: Course
    order: Array
    seed: int
    jobs: dict[Path, Job] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model, request: Request) -> Material:
        """Raises `UsageError` for what does not belong together."""
        request.check()
        dataset = load_data(request.data, request.data_dir)
        check_fit(model.graph, dataset, request.recipe)
        order = batches(dataset, request.recipe.batch_size, request.steps, request.seed)
        course = Course.of(model.graph, dataset, request.recipe)
        return cls(model, dataset, course, order, request.seed)

    def job(self, folder: Path) -> Job:
        """That of the framework of this name, written once."""
        if folder not in self.jobs:
            self.jobs[folder] = Job.write(
                folder, folder.name, self.model, self.course, self.order, self.seed
            )
        return self.jobs[folder]


def prepare(
    model: object,
    request: Request,
    hosts: Sequence[str],
    *,
    inputs: Sequence[str | InputSpec] = (),
    out: Path | None = None,
    interface: str = "",
) -> tuple[dict[str, Plan], Path]:
    """Writes the folders for a cluster, and runs nothing. Returns, by engine, the commands of each
    host and a batch script for Slurm, and the folder, which belongs onto a file system that all
    hosts share. Raises `UsageError` where an engine stays on one machine."""
    found = load(model, inputs)
    material = Material.of(found, request)
    directory = new_directory(out, f"scale-{found.graph.name}", Scaling)
    plans = {}
    for framework, engine in chosen(request.engines):
        if not engine.hosts:
            raise UsageError(f"The engine {engine.name!r} stays on one machine.")
        job = material.job(directory / framework)
        results = directory.resolve() / "runs" / f"{engine.name}-{len(hosts)}"
        arguments = ["--out", str(results), "--device", request.device]
        if request.checkpoint_every:
            arguments += ["--checkpoint-every", str(request.checkpoint_every)]
        task = Task(
            engine.name,
            len(hosts),
            job.folder.resolve(),
            "train.py",
            tuple(arguments),
            hosts=tuple(hosts),
            restarts=request.restarts,
            interface=interface,
        )
        home = part(framework, "scale")
        plans[engine.name] = Plan(home.commands(task), home.slurm(task))
    return plans, directory


def _busy(record: Scaling) -> list[str]:
    """What other programs did to the times."""
    (load, *_), processors = record.environment["load"], usable_processors()
    if load < processors:
        return []
    return [
        f"Other programs were at work when this began (a load of {load:g} on {processors} "
        "processors): workers waited for them, and times and efficiencies are worse than they "
        "would be."
    ]


def _one(
    engine: Engine,
    result: EngineResult,
    job: Job,
    trainings: Trainings,
    request: Request,
    directory: Path,
    progress: Progress,
) -> None:
    """Everything about one engine; what fails is noted with its reason."""
    try:
        trainings.hold(engine, result, job)
        throughput = Throughput(engine, result, job, request, directory, progress)
        throughput.measure()
        result.forecast = forecast(engine, request, throughput)
        result.unpredicted = "" if result.forecast else why_none(engine)
    except IsogradError as error:
        result.status = getattr(error, "status", "failed")
        result.reason = error.sentence(where=True)


def chosen(names: Sequence[str]) -> list[tuple[str, Engine]]:
    """Framework and engine for each name. Raises `UsageError` for an unknown one."""
    homes = {name: framework for framework, own in ENGINES.items() for name in own}
    for name in names:
        if name not in homes:
            raise unknown("engine", name, homes)
    return [
        (homes[name], next(e for e in part(homes[name], "scale").ENGINES if e.name == name))
        for name in dict.fromkeys(names or USUAL)
    ]
