"""One run of `optimize`: the record grows point by point and is written after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from isograd.bench.training import Course
from isograd.compress.variants import USUAL
from isograd.data import Dataset
from isograd.deploy.pareto import mark
from isograd.deploy.request import Request
from isograd.deploy.search import DENSE, Task, alone, named_variants, of_variant
from isograd.deploy.target import Target, parse_target
from isograd.errors import IsogradError, WorkerError
from isograd.frontier import Frontier, Point, Training
from isograd.measure.environment import sgemm_rate
from isograd.models import Model
from isograd.progress import Progress
from isograd.report.frontier import write_frontier
from isograd.report.frontier_findings import findings
from isograd.run.because import explain
from isograd.run.forms import Forms, Network
from isograd.run.phases import carry_out
from isograd.run.points import blank, measure_point
from isograd.run.precision import Lesson, train_precisions
from isograd.run.referee import Referee
from isograd.run.variants import dense, keep, kept, made, proven


class Enough(Exception):
    """The search ends: the target is reached, or the budget spent."""


@dataclass(frozen=True)
class Subject:
    """What is optimised: a network, how it is called, and the data."""

    model: Model
    inputs: tuple[str, ...]
    dataset: Dataset


class Optimization:
    """The phases of a run, new or resumed."""

    def __init__(
        self,
        subject: Subject,
        request: Request,
        found: Frontier,
        directory: Path,
        progress: Progress,
    ) -> None:
        self.subject, self.request, self.found = subject, request, found
        self.directory, self.progress = directory, progress
        self.course = Course.of(subject.model.graph, subject.dataset, request.recipe)
        self.target: Target | None = None
        if request.target:
            self.target = parse_target(request.target, request.batches)
        self._open = ExitStack()
        self._begin, self._before_s = perf_counter(), found.duration_s
        self._taken: list[float] = []
        self._networks: dict[str, Network] = {}

    def everything(self) -> Frontier:
        """All phases. Whatever ends them early, what was found is written."""
        found = self.found
        found.status, found.reason = "partial", ""
        phases = {"training": self.prepare, "measuring": self.measure}
        if not (self.request.only or self.request.target):
            phases["proving"] = self.prove
            if self.request.trainings:
                phases["training in lower precision"] = self.train
        try:
            carry_out(phases, found)
        except Enough as end:
            found.status, found.reason = "complete", str(end)
        finally:
            self._open.close()
            self.write()
        return found

    def prepare(self) -> None:
        """The trained network, and the processes that everything else needs."""
        self.progress.phase("training", 1)
        self.referee = Referee(self.directory, self.request.threads, self.request.timeout_s)
        self._open.callback(self.referee.close)
        self._networks[DENSE] = self._dense()
        self.forms = Forms(
            self.request,
            self.course,
            self.directory,
            self._networks[DENSE],
            self.found.baseline.removeprefix(f"{DENSE}/"),
        )
        self._open.callback(self.forms.close)
        self.found.environment.setdefault("sgemm_rate", sgemm_rate(self.request.threads))
        self.progress.advance()
        self.write()

    def _dense(self) -> Network:
        graph, stored = self.subject.model.graph, kept(DENSE, self.directory)
        if stored:
            graph, weights = stored
        else:
            start = self.subject.model.initial_state(self.request.seed)
            weights, variant = dense(
                self.referee, graph, start, self.course, self.request.epochs, self.request.seed
            )
            self.found.variants.append(variant)
        network = Network(DENSE, graph, weights, self.referee.expect(graph, weights, self.course))
        if not stored:
            keep(network, self.directory)
        self.found.variants[0].quality = network.expectation.quality
        return network

    def measure(self) -> None:
        """All points, in the order in which they tell most."""
        for task in self._tasks():
            if self._is_done(task.id):
                continue
            self._check_budget()
            begin = perf_counter()
            self._keep_point(task)
            self._taken.append(perf_counter() - begin)
            self.write()
            self.progress.advance(task.id)
            self._check_target()

    def _tasks(self) -> Iterator[Task]:
        """The baseline, each form by itself, then what was done to the network, alone and with the
        forms that helped."""
        everything = alone((), None, 0)
        self.progress.phase("baseline", 1)
        yield next(task for task in everything if task.id == self.found.baseline)
        only, weights = self.request.only, self._networks[DENSE].graph.count_parameters()
        names = self.variants
        if DENSE in names:
            tasks = alone(only, self.target, weights)
            self.progress.phase(DENSE, self._open_ones(tasks))
            yield from tasks
        for name in names:
            if name == DENSE:
                continue
            tasks = of_variant(name, self.found.points, only, self.target, weights)
            if not self._open_ones(tasks):
                continue
            self.progress.phase(name, self._open_ones(tasks))
            self._check_budget()
            try:
                self._networks[name] = self._variant(name)
            except IsogradError as error:
                self._cannot(tasks, error)
            else:
                yield from tasks

    def prove(self) -> None:
        """Whether each variant is still one network in both frameworks."""
        open_ones = [one for one in self.found.variants if one.verdict is None]
        self.progress.phase("proving", len(open_ones))
        for variant in open_ones:
            self._check_budget()
            network = self._networks.get(variant.name) or self._variant(variant.name)
            variant.verdict, note = proven(network, self.course, self.subject.dataset, self.request)
            variant.notes += [note] if note else []
            self.write()
            self.progress.advance(variant.name)

    def train(self) -> None:
        """Training in bfloat16 against float32, where it is not recorded yet."""
        found = self.found
        if found.trainings and all(one.status == "ok" for one in found.trainings):
            return
        self._check_budget()
        found.trainings.clear()

        def keep_training(training: Training) -> None:
            found.trainings.append(training)
            self.write()

        request = self.request
        train_precisions(
            self.subject.model,
            self.course,
            self.directory / "trainings",
            lesson=Lesson(
                max(request.epochs, 1), threads=request.threads, timeout_s=request.timeout_s
            ),
            progress=self.progress,
            on_training=keep_training,
        )

    @property
    def variants(self) -> tuple[str, ...]:
        """What is done to the network: as asked for; what patterns name; the usual."""
        request = self.request
        named = named_variants(request.only)
        usual = USUAL if not request.only else (() if named else (DENSE,))
        return tuple(dict.fromkeys((*(request.variants or usual), *named)))

    def _variant(self, name: str) -> Network:
        """Makes a variant, unless an interrupted run did. Raises what keeps it from being had."""
        stored = kept(name, self.directory)
        known = next((one for one in self.found.variants if one.name == name), None)
        if stored and known:
            graph, weights = stored
        else:
            graph, weights, known = made(
                name,
                self.referee,
                self._networks[DENSE],
                self.course,
                self.request.epochs,
                self.request.seed,
            )
        network = Network(name, graph, weights, self.referee.expect(graph, weights, self.course))
        if not stored:
            keep(network, self.directory)
        known.quality = network.expectation.quality
        self.found.variants = [v for v in self.found.variants if v.name != name] + [known]
        return network

    def _cannot(self, tasks: Sequence[Task], error: IsogradError) -> None:
        """Points of a variant that cannot be had say why."""
        status = error.status if isinstance(error, WorkerError) else "unsupported"
        reason = error.sentence()
        for task in tasks:
            point = blank(task.variant, task.candidate)
            point.status, point.reason = status, reason
            self._put(point)

    def _open_ones(self, tasks: Sequence[Task]) -> int:
        return sum(not self._is_done(task.id) for task in tasks)

    def _is_done(self, id: str) -> bool:
        return any(point.id == id and point.status == "ok" for point in self.found.points)

    def _keep_point(self, task: Task) -> None:
        """Measures it, and puts it in the place of an attempt that failed."""
        network = self._networks[task.variant]
        point = measure_point(self.forms, network, task.candidate, self.found)
        self._put(point)
        if point.id == self.found.baseline and point.status != "ok":
            raise WorkerError(f"The baseline {point.id} could not be measured: {point.reason}")

    def _put(self, point: Point) -> None:
        model = self.subject.model
        point.command = self.request.line(model.reference, self.subject.inputs, point.id)
        self.found.points = [old for old in self.found.points if old.id != point.id] + [point]

    def _check_budget(self) -> None:
        """Stops before a point that would end beyond the budget, going by those that were made."""
        budget = self.found.budget_s
        expected = float(np.median(self._taken)) if self._taken else 0.0
        if budget is not None and self._elapsed + expected > budget:
            raise Enough(f"The budget of {budget:g} s is spent; there is more to measure.")

    def _check_target(self) -> None:
        if self.target is None:
            return
        reached = next((p for p in self.found.points if self.target.reached(p)), None)
        if reached:
            self.found.answer = reached.id
            raise Enough(f"The target is reached by {reached.id}.")

    @property
    def _elapsed(self) -> float:
        return perf_counter() - self._begin

    def write(self) -> None:
        """The record and its page, with what follows from the points so far."""
        found = self.found
        found.duration_s = self._before_s + self._elapsed
        baseline = next((p for p in found.points if p.id == found.baseline), None)
        for point in found.points:
            if baseline and baseline.quality is not None and point.quality is not None:
                point.lost = 100 * (baseline.quality - point.quality)
            explain(point, found)
        batch = found.batches[0]
        mark(found.points, found.noise_of(batch), batch)
        found.findings = findings(found)
        write_frontier(found, self.directory, replace=True)
