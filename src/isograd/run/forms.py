"""Forms of a network: built in workers, kept in folders, started in processes of their own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from isograd.bench.training import Course
from isograd.data import batch_order
from isograd.deploy.artefact import Order, Tuning
from isograd.deploy.build import Built, build, check_installed
from isograd.deploy.candidates import CANDIDATES, Candidate
from isograd.deploy.request import Request
from isograd.deploy.server import Server
from isograd.errors import IsogradError, WorkerError
from isograd.ir.graph import Graph, Weights
from isograd.measure.process import WorkerProcess
from isograd.measure.worker_environment import worker_environment
from isograd.run.referee import Expectation

CALIBRATION = 512
"""Training examples that ranges of quantised values are taken from."""

TUNING_EPOCHS = 1
"""Passes over the training data where a form is trained while it is built."""


@dataclass(frozen=True)
class Network:
    """A variant of the network: what it is, and what its forms are held against."""

    name: str
    graph: Graph
    weights: Weights
    expectation: Expectation


class Forms:
    """The builders, one worker for each framework, and the baseline's process, which stays alive
    so that every form can be timed against it."""

    def __init__(
        self, request: Request, course: Course, directory: Path, dense: Network, baseline: str
    ) -> None:
        self.request, self.course, self.directory = request, course, directory
        self.dense = dense
        self._candidate = next(c for c in CANDIDATES if c.id == baseline)
        self._builders: dict[str, WorkerProcess] = {}
        self._built: Built | None = None
        self._baseline: Server | None = None
        self._logs = directory / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)

    def build(self, network: Network, candidate: Candidate) -> Built:
        """The form, in a folder of its own. Raises what keeps it from being built."""
        check_installed(candidate)
        folder = self.directory / "forms" / network.name / candidate.id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        order = Order(
            candidate.id,
            network.graph,
            network.weights,
            folder,
            calibration=(self.course.inputs[:CALIBRATION],),
            threads=self.request.threads,
            tuning=self._tuning() if candidate.tuned else None,
        )
        try:
            return build(self._builder(candidate.framework), candidate, order)
        except IsogradError as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, WorkerError):
                self._forget_builder(candidate.framework)
            raise

    def start(self, built: Built, graph: Graph) -> Server:
        """The form in a fresh process, whose compilers find nothing that they could reuse."""
        return Server(
            built,
            graph,
            environment=partial(worker_environment, "cpu", self.request.threads),
            threads=self.request.threads,
            log=self._logs / "served.log",
            timeout_s=self.request.timeout_s,
        )

    def ready(self, built: Built, graph: Graph) -> Server:
        """`start`, with the batches that are timed."""
        server = self.start(built, graph)
        try:
            server.take((self.course.test_inputs,), self.request.batches)
        except WorkerError:
            server.close()
            raise
        return server

    @property
    def baseline(self) -> Server:
        """The process that forms are timed against."""
        if self._baseline is None:
            self._baseline = self.ready(self.built_baseline, self.dense.graph)
        return self._baseline

    @property
    def built_baseline(self) -> Built:
        """The form of the dense network that is the baseline."""
        if self._built is None:
            self._built = self.build(self.dense, self._candidate)
        return self._built

    def forget_baseline(self) -> None:
        """Its process has failed; the next one that is asked for is a new one."""
        if self._baseline is not None:
            self._baseline.close()
            self._baseline = None

    def close(self) -> None:
        """Ends all processes."""
        self.forget_baseline()
        for framework in list(self._builders):
            self._forget_builder(framework)

    def _builder(self, framework: str) -> WorkerProcess:
        """The worker in which a framework builds; a new one after it has failed."""
        if framework not in self._builders:
            worker = WorkerProcess(
                self._logs / f"build-{framework}.log",
                worker_environment("cpu", self.request.threads, self._cache(framework)),
                timeout_s=self.request.timeout_s,
            )
            self._builders[framework] = worker
            worker.call("start", framework, "cpu", self.request.threads)
        return self._builders[framework]

    def _forget_builder(self, framework: str) -> None:
        self._builders.pop(framework).kill()
        shutil.rmtree(self._cache(framework), ignore_errors=True)

    def _cache(self, framework: str) -> Path:
        return self._logs / f"build-{framework}-cache"

    def _tuning(self) -> Tuning:
        course, size = self.course, self.course.recipe.batch_size
        order = batch_order(len(course.targets), size, TUNING_EPOCHS, self.request.seed + 1)
        return Tuning(course.recipe, course.inputs, course.targets, order.reshape(-1, size))
