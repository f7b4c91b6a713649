"""`isograd data`: what feeds a network, measured; and whether the network waits for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter

from isograd.bench.fit import check_fit
from isograd.bench.workbench import choose_modes
from isograd.data import HOMES, Dataset
from isograd.errors import UsageError, WorkerError, unknown
from isograd.feeding import Feeding, Measured
from isograd.frameworks import installed
from isograd.measure.environment import environment
from isograd.measure.process import WorkerProcess
from isograd.measure.schedule import MIN_ROUNDS
from isograd.measure.schedule import measure as measure_arms
from isograd.measure.stats import interval, noise_floor, ratio
from isograd.measure.worker_environment import worker_environment
from isograd.models import Model
from isograd.pipelines.augmentation import Augmentation
from isograd.pipelines.fed import over_feed, over_source
from isograd.pipelines.feed import FeedReference
from isograd.pipelines.items import Items
from isograd.pipelines.pipeline import has_map
from isograd.pipelines.source import KINDS, Source, open_items
from isograd.pipelines.specification import MEMORY, SPECIFICATIONS, Delivering, Specification
from isograd.progress import Progress, Silent
from isograd.report.data import write_feeding
from isograd.run.augmented import prove_augmentation
from isograd.run.fed import Job, Network, feed_network
from isograd.run.folders import new_directory
from isograd.run.phases import carry_out
from isograd.started import command_line, now
from isograd.training import Recipe

AGAIN = f"{MEMORY} (again)"
"""A second process with the arrays in memory: what the two differ by is noise."""


@dataclass(frozen=True)
class Request:
    """What a user asked `data` for; the defaults are the command line's. ``only`` names pipelines,
    ``modes`` those of the network that is fed."""

    source: Source
    recipe: Recipe
    delivering: Delivering = field(default_factory=Delivering)
    only: tuple[str, ...] = ()
    feeds: tuple[FeedReference, ...] = ()
    augmentation: Augmentation | None = None
    modes: tuple[str, ...] = ()
    threads: int = 1
    measure_s: float = 6.0
    timeout_s: float = 600.0


def data(
    request: Request,
    model: Model | None = None,
    *,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Feeding, Path]:
    """Measures the pipelines over a source, and in loops that feed a network, if there is one.

    Returns the record and its folder, in which ``feeding.json``, ``feeding.html`` and the workers'
    logs lie; both are written after each phase. Ctrl-C ends it early; what was found is kept.

    Raises `UsageError` for bad input, `MissingDependency` where the source needs a package.
    """
    items = open_items(request.source)
    if model:
        check_source(model, items, request)
    chosen = choose(items, request)
    choose_modes(request.modes)  # before the pipelines are measured
    directory = new_directory(out, f"data-{_short(request)}", Feeding)
    run = Run(request, items, chosen, model, directory, progress or Silent(), command)
    return run.everything(), directory


def check_source(model: Model, items: Items, request: Request) -> None:
    """Raises `UsageError` where the network cannot be trained on what the source holds."""
    if request.augmentation or request.feeds:
        return  # they may make something else of it: the loop says so
    inputs, some = next(iter(items.groups()))
    targets = some if items.targets is None else items.targets
    classes = None if items.targets is None else int(targets.max()) + 1
    name = request.source.name
    few = inputs[:1], some[:1]
    check_fit(model.graph, Dataset(name, name, inputs, targets, *few, classes), request.recipe)


def choose(items: Items, request: Request) -> list[Specification]:
    """The pipelines that have a meaning for this source, the arrays in memory first. Raises
    `UsageError` for a name that is unknown."""
    for word in request.only:
        if not any(word in (s.id, s.framework) for s in SPECIFICATIONS):
            raise unknown("pipeline", word, [s.id for s in SPECIFICATIONS])
    mapped = has_map(items, request.augmentation is not None)
    held = request.source.kind in ("dataset", "idx") and not request.augmentation
    found = []
    for one in SPECIFICATIONS:
        wanted = not request.only or one.id in request.only or one.framework in request.only
        fits = (held or not one.whole_batches) and (mapped or not one.mapped)
        if one.id == MEMORY or (wanted and fits):
            found.append(one)
    return found


class Run:
    """One run of `data`; the record grows phase by phase."""

    def __init__(
        self,
        request: Request,
        items: Items,
        chosen: Sequence[Specification],
        model: Model | None,
        directory: Path,
        progress: Progress,
        command: str | None,
    ) -> None:
        self.request, self.model = request, model
        self.items, self.chosen = items, list(chosen)
        self.directory, self.progress = directory, progress
        self._workers: dict[str, WorkerProcess] = {}
        (directory / "logs").mkdir(exist_ok=True)
        self.found = Feeding(
            command=command_line(command),
            created=now(),
            source=describe(request.source, items),
            settings=_settings(request),
            environment=environment(),
            pipelines=[Measured(s.id, s.about, s.workers, s.prefetch) for s in self.chosen]
            + [Measured(feed.id, f"your own: {feed.reference.text}") for feed in request.feeds],
        )

    def everything(self) -> Feeding:
        """All phases. Whatever ends them early, what was found is written."""
        begin = perf_counter()
        phases: dict[str, Callable[[], None]] = {
            "opening the pipelines": self.open,
            "measuring": self.measure,
            "looking into your pipelines": self.look,
        }
        if self.request.augmentation:
            phases["proving the augmentation"] = partial(self.prove, self.request.augmentation)
        if self.model:
            phases["feeding the network"] = partial(self.feed, self.model)
        try:
            carry_out(phases, self.found, partial(self._write, begin))
        finally:
            self._close()
            self._write(begin)
        return self.found

    def _write(self, begin: float) -> None:
        self.found.duration_s = perf_counter() - begin
        write_feeding(self.found, self.directory, replace=True)

    def _close(self) -> None:
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    # Each pipeline alone ----------------------------------------------------------------------

    def open(self) -> None:
        """Opens each pipeline in a fresh process of its own, and reads two epochs."""
        feeds = {feed.id: feed for feed in self.request.feeds}
        specifications = {one.id: one for one in self.chosen}
        self.progress.phase("opening", len(self.found.pipelines) + 1)
        for one in self.found.pipelines:
            what = specifications.get(one.id) or feeds[one.id]
            self._guard(one, partial(self._open, one, what))
            self.progress.advance(one.id)
        if MEMORY in self._workers:
            again = replace(self.found.pipeline(MEMORY), id=AGAIN)
            self._guard(again, partial(self._start, again, specifications[MEMORY]))
        self.progress.advance()

    def _guard(self, one: Measured, work: Callable[[], object]) -> None:
        """Does the work; if it cannot be done, the pipeline gets the reason, the others go on."""
        try:
            work()
        except WorkerError as error:
            self._fail(one, error.status, error.what)
        except UsageError as error:
            self._fail(one, "failed", error.sentence(where=True))

    def _fail(self, one: Measured, status: str, reason: str) -> None:
        one.status, one.reason = status, reason
        worker = self._workers.pop(one.id, None)
        if worker:
            worker.kill()

    def _open(self, one: Measured, what: Specification | FeedReference) -> None:
        if one.framework and not installed(one.framework):
            one.status, one.reason = "not installed", f"pip install 'isograd[{one.framework}]'"
            return
        worker = self._start(one, what)
        one.peak_memory_mb = worker.call("whole_epoch")
        size = self.request.delivering.batch_size
        if self.request.augmentation and isinstance(what, Specification):
            # augmented items are others than the source's: the same pipeline without that is judged
            worker = self._started(one, "-plain")
            worker.call("open", self.request.source, what, self.request.delivering)
            one.delivery, one.shuffle = worker.call("deliver", self.request.source, size)
            worker.close()
        else:
            one.delivery, one.shuffle = worker.call("deliver", self.request.source, size)
        one.status = "ok"

    def _start(self, one: Measured, what: Specification | FeedReference) -> WorkerProcess:
        worker = self._started(one)
        self._workers[one.id] = worker
        request = self.request
        if isinstance(what, FeedReference):
            one.first_batch_s = worker.call("open_feed", what)
        else:
            one.first_batch_s = worker.call(
                "open", request.source, what, request.delivering, request.augmentation
            )
        return worker

    def _started(self, one: Measured, tag: str = "") -> WorkerProcess:
        logs = self.directory / "logs"
        name = "".join(c if c.isalnum() else "-" for c in one.id) + tag
        environment = worker_environment("cpu", self.request.threads, logs / f"{name}-cache")
        worker = WorkerProcess(
            logs / f"{name}.log",
            environment,
            timeout_s=self.request.timeout_s,
            module="isograd.pipelines.worker",
        )
        one.import_s = worker.call("start", one.framework, self.request.threads)
        return worker

    # All in turns -----------------------------------------------------------------------------

    def measure(self) -> None:
        """Interleaved rounds of all pipelines, arrays in memory twice."""
        self.progress.phase("measuring", MIN_ROUNDS)
        arms = [Arm(id, worker) for id, worker in self._workers.items()]
        found = measure_arms(
            arms, budget_s=self.request.measure_s, on_round=lambda _: self.progress.advance()
        )
        rounds = found.rounds
        if MEMORY in rounds and AGAIN in rounds:
            self.found.noise = noise_floor([ratio(AGAIN, MEMORY, rounds[AGAIN], rounds[MEMORY])])
        noise = self.found.noise.fraction if self.found.noise else 0.0
        for one in self.found.pipelines:
            if one.id in found.failures:
                self._fail(one, "failed", found.failures[one.id])
            if one.id not in rounds:
                continue
            one.batch_us = interval(rounds[one.id])
            one.items_per_s = 1e6 * self.request.delivering.batch_size / one.batch_us.median
            if one.id != MEMORY and MEMORY in rounds:
                one.ratio = ratio(one.id, MEMORY, rounds[one.id], rounds[MEMORY], noise)
        if found.partial:
            raise KeyboardInterrupt

    def look(self) -> None:
        """Where the time of the user's pipelines goes."""
        for feed in self.request.feeds:
            one = self.found.pipeline(feed.id)
            if one.status == "ok":
                one.spots = self._workers[feed.id].call("spots", feed)

    def prove(self, augmentation: Augmentation) -> None:
        """The augmentation in each framework that a pipeline runs in, against its definition."""
        seed = self.request.delivering.seed
        alive = {
            p.framework: self._workers[p.id] for p in self.found.pipelines if p.id in self._workers
        }
        alive.pop("", None)
        self.found.augmentation, self.found.traps = prove_augmentation(
            alive, self.items, augmentation, seed
        )

    # The network --------------------------------------------------------------------------------

    def feed(self, model: Model) -> None:
        """Each mode in loops that the pipelines of its framework feed."""
        self._close()
        network = Network(model, self.request.recipe, self.request.modes, self.request.threads)
        jobs = [
            Job(p.id, p.batch_us.median, *self._opener(p.id))
            for p in self.found.pipelines
            if p.batch_us
        ]
        self.found.model = {"name": model.graph.name, "parameters": model.graph.count_parameters()}
        feed_network(network, jobs, self.found.fed, self.directory, self.progress)

    def _opener(self, id: str) -> tuple[Callable[..., object], tuple[object, ...]]:
        for feed in self.request.feeds:
            if feed.id == id:
                return over_feed, (feed,)
        (specification,) = (one for one in self.chosen if one.id == id)
        request = self.request
        return over_source, (
            request.source,
            specification,
            request.delivering,
            request.augmentation,
        )


class Arm:
    """Batches of one pipeline, for the schedule."""

    def __init__(self, label: str, worker: WorkerProcess) -> None:
        self.label, self._worker = label, worker

    def run(self, steps: int) -> Sequence[float]:
        """Nanoseconds of each of ``steps`` batches."""
        try:
            times: list[float] = self._worker.call("run", steps)
        except UsageError as error:  # what the user's code raised
            raise WorkerError(error.what, where=error.where) from None
        return times


def describe(source: Source, items: Items) -> dict[str, object]:
    """What a report says of a source."""
    inputs, targets = next(iter(items.groups()))
    classes = None if items.targets is None else len(set(items.targets.tolist()))
    return {
        "name": source.name,
        "kind": KINDS[source.kind],
        "items": items.count,
        "inputs": f"{inputs.dtype}{list(inputs.shape[1:])}",
        "targets": f"{targets.dtype}{list(targets.shape[1:])}",
        "classes": classes,
        "blocks": len(getattr(items, "sizes", ())) or None,
        "bytes": items.count * (inputs[0].nbytes + targets[0].nbytes),
    }


def _settings(request: Request) -> dict[str, object]:
    augmentation = request.augmentation
    return {
        "batch size": request.delivering.batch_size,
        "shuffle buffer": request.delivering.buffer,
        "seed": request.delivering.seed,
        "threads": request.threads,
        "augmentation": ", ".join(o.name for o in augmentation.operations) if augmentation else "",
    }


def _short(request: Request) -> str:
    name = request.source.name
    return name if name in HOMES else Path(name).stem or "source"
