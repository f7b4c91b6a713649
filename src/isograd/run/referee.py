"""The process that trains a network, and computes what its forms are held against."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from isograd.bench.training import Course, disturb
from isograd.data import batch_order
from isograd.frameworks import MODES, installed, part
from isograd.frameworks.side import Side, plan
from isograd.ir.graph import Graph, Weights
from isograd.ir.mapping import Array
from isograd.measure.process import RemoteExecutor, WorkerProcess
from isograd.measure.worker_environment import worker_environment
from isograd.proof.judge import judge_float32
from isograd.proof.prove import DISTURBANCES
from isograd.result import Curve, Verdict
from isograd.training import Loss

CHECKED = 256
"""Test examples on which float32 forms are held against float64; quality takes all of them."""

OUTPUTS = "outputs"


@dataclass(frozen=True)
class Expectation:
    """What one network does on the test examples: ``outputs`` of the reference in float32, of all
    of them; of the first `CHECKED` those in float64 (``exact``), and float32 runs (``single``), as
    it is and from states disturbed by one unit in the last place."""

    quality: float
    outputs: Array
    exact: Array
    single: tuple[Array, ...]

    def judge(self, outputs: Array) -> tuple[Verdict, float]:
        """Whether a float32 form is as close to float64 as the reference is, and the largest
        deviation from it."""
        found = outputs[: len(self.exact)]
        stage = judge_float32(
            {OUTPUTS: self.exact}, [{OUTPUTS: run} for run in self.single], {OUTPUTS: found}
        )
        if found.shape != self.exact.shape:
            return stage.verdict, float("nan")
        return stage.verdict, float(np.abs(found - self.exact).max(initial=0.0))


class Referee:
    """One framework, eagerly, in a process of its own: the first one that is installed."""

    def __init__(self, directory: Path, threads: int, timeout_s: float) -> None:
        self.framework = next((name for name in MODES if installed(name)), "torch")
        self._directory, self._threads = directory, threads
        logs = directory / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self._cache = logs / "referee-cache"
        environment = worker_environment("cpu", threads, self._cache)
        self._worker = WorkerProcess(logs / "referee.log", environment, timeout_s=timeout_s)
        self._worker.call("start", self.framework, "cpu", threads)
        self._opened = 0

    @contextmanager
    def side(
        self, graph: Graph, course: Course, dtype: Literal["float32", "float64"] = "float32"
    ) -> Iterator[Side]:
        """A network, opened for a while."""
        emitted = part(self.framework, "emitter").emit(graph)
        self._opened += 1
        name = f"referee-{self._opened}"
        source = self._directory / "logs" / f"{name}.py"
        source.write_text(emitted.source, encoding="utf-8")
        planned = plan(
            graph,
            emitted,
            source,
            MODES[self.framework][0],
            course.recipe,
            dtype=dtype,
            threads=self._threads,
        )
        executor = RemoteExecutor(self._worker, name, planned)
        try:
            yield Side(graph, emitted, executor)
        finally:
            executor.close()
            source.unlink()

    def train(
        self, graph: Graph, course: Course, start: Weights, epochs: int, seed: int
    ) -> tuple[Weights, Curve]:
        """The network's weights after so many epochs in float32."""
        order = batch_order(len(course.targets), course.recipe.batch_size, epochs, seed)
        with self.side(graph, course) as side:
            side.set_state(start)
            side.load_data((course.inputs,), course.targets)
            curve = course.train(side, start, order, seed)
            return side.get_state(), curve

    def expect(self, graph: Graph, weights: Weights, course: Course) -> Expectation:
        """What the forms of this network are held against."""
        some = (course.test_inputs[:CHECKED],)
        with self.side(graph, course) as side:
            side.set_state(weights)
            outputs = course.outputs(side)
            runs = [outputs[:CHECKED]]
            for number in range(1, DISTURBANCES + 1):
                side.set_state(disturb(weights, number))
                runs.append(side.forward(some))
        with self.side(graph, course, "float64") as side:
            side.set_state(weights)
            exact = side.forward((_double(some[0]),))
        quality = course.recipe.loss.quality(outputs, course.test_targets)
        single = tuple(np.asarray(run, np.float64) for run in runs)
        return Expectation(quality, outputs, np.asarray(exact, np.float64), single)

    def close(self) -> None:
        """Ends the process and removes what its compiler kept."""
        self._worker.close()
        shutil.rmtree(self._cache, ignore_errors=True)


def agreement(loss: Loss, outputs: Array, dense: Array) -> float | None:
    """The fraction of examples on which two networks decide alike; None where there is nothing to
    decide."""
    ours, theirs = loss.answers(outputs), loss.answers(dense)
    return None if ours is None or theirs is None else float((ours == theirs).mean())


def _double(array: Array) -> Array:
    return array.astype(np.float64) if np.issubdtype(array.dtype, np.floating) else array
