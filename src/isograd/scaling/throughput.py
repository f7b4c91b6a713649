"""Step times with several workers: the jobs of all numbers of workers live side by side, and take
turns, so that what disturbs the machine disturbs them alike."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import psutil

from isograd.errors import WorkerError
from isograd.frameworks import part
from isograd.measure.stats import Rounds, interval, ratio
from isograd.progress import Progress
from isograd.scaling.cost import Measured
from isograd.scaling.engine import Engine, Task
from isograd.scaling.job import Job, read_lines
from isograd.scaling.launch import POLL_S, Launch, free_port
from isograd.scaling.record import EngineResult, Estimate, Run
from isograd.scaling.request import Request


class Throughput:
    """Measures one engine. ``times`` holds, by the number of workers, what was timed, in
    microseconds."""

    def __init__(
        self,
        engine: Engine,
        result: EngineResult,
        job: Job,
        request: Request,
        directory: Path,
        progress: Progress,
    ) -> None:
        self.engine = engine
        self.result = result
        self.job = job
        self.request = request
        self.directory = directory
        self.progress = progress
        self.times: dict[int, dict[str, list[list[float]]]] = {}

    def measure(self) -> None:
        """Starts a job for each number of workers that could train, and gives them their turns."""
        runs = [run for run in self.result.runs if run.status == "ok"]
        self.progress.phase(f"{self.engine.name} is timed", self.request.rounds)
        launches = {run.workers: self._start(run) for run in runs}
        try:
            for number in range(self.request.rounds):
                for run in runs if number % 2 == 0 else runs[::-1]:
                    self._turn(run, launches[run.workers], number)
                self.progress.advance()
        finally:
            for launch in launches.values():
                launch.stop()
        for run in runs:
            self._conclude(run)

    def share(self, workers: int) -> int:
        """The examples of the first worker, in a step that is timed."""
        batch = self.request.recipe.batch_size
        return batch if self.request.weak else -(-batch // workers)

    def measured(self) -> list[Measured]:
        """What a model can be fitted to: each worker had a processor of its own."""
        return [
            Measured(run.workers, self.share(run.workers), self.times[run.workers])
            for run in self.result.runs
            if run.step_us and not run.crowded
        ]

    @property
    def gradient_bytes(self) -> int:
        """Of all gradients, in float32."""
        sizes = [
            int(name.split()[1])
            for times in self.times.values()
            for name in times
            if name.startswith("reduce ")
        ]
        return max(sizes, default=0)

    def _out(self, workers: int) -> Path:
        return self.directory / "runs" / f"{self.engine.name}-{workers}-times"

    def _start(self, run: Run) -> Launch:
        out = self._out(run.workers)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        run.batch = self.request.recipe.batch_size * (run.workers if self.request.weak else 1)
        run.crowded = run.workers > usable_processors()
        sizes = sorted({self.share(n.workers) for n in self.result.runs} | {run.batch})
        if len(sizes) == 1:
            sizes = [max(sizes[0] // 2, 1), *sizes]
        task = Task(
            self.engine.name,
            run.workers,
            self.job.folder.resolve(),
            "measure.py",
            (
                *("--out", str(out.resolve()), "--batch", str(run.batch)),
                *("--turns", str(out.resolve()), "--rounds", str(self.request.rounds)),
                *("--round-seconds", str(self.request.round_s), "--device", self.request.device),
                *(("--sync-batchnorm",) if self.request.sync_batchnorm else ()),
                *(("--sizes", *map(str, sizes)) if run.workers == 1 else ()),
            ),
            port=free_port(run.workers),
        )
        commands = part(self.job.folder.name, "scale").commands(task)
        return Launch(commands, out / "logs").start()

    def _turn(self, run: Run, launch: Launch, number: int) -> None:
        """One round of one job."""
        out = self._out(run.workers)
        (out / f"turn-{number}").touch()
        end = time.monotonic() + self.request.timeout_s
        while len(read_lines(out / "times.jsonl")) <= number:
            launch.check()
            if time.monotonic() > end:
                raise WorkerError(
                    f"A round of {run.workers} workers took longer than "
                    f"{self.request.timeout_s:g} s.",
                    where=str(out / "logs"),
                    status="timed out",
                )
            time.sleep(POLL_S)

    def _conclude(self, run: Run) -> None:
        lines = read_lines(self._out(run.workers) / "times.jsonl")
        names = [name for name in lines[0] if name != "round"]
        times = {n: [[t / 1e3 for t in line[n]] for line in lines] for n in names}
        self.times[run.workers] = times
        run.step_us, run.local_us = interval(times["step"]), interval(times["local"])
        run.examples_per_s = run.batch / run.step_us.median * 1e6
        sums = [name for name in names if name.startswith("reduce ")]
        if sums:
            run.reduce_us = interval(times[sums[-1]])
            run.communication = _communication(times)
        alone = self.times.get(1)
        if alone and run.workers > 1:
            run.efficiency = self._efficiency(run.workers, times["step"], alone["step"])

    def _efficiency(self, workers: int, step: Rounds, alone: Rounds) -> Estimate:
        """Of what so many workers could do at best, the part that they do."""
        found = ratio("n", "1", step, alone)
        best = 1.0 if self.request.weak else float(workers)
        return Estimate(*(1.0 / (best * r) for r in (found.ratio, found.high, found.low)))


def _communication(times: dict[str, list[list[float]]]) -> Estimate:
    """The share of a step that is not there without the others."""
    found = ratio("local", "step", times["local"], times["step"])
    return Estimate(
        *(float(np.clip(1.0 - r, 0.0, 1.0)) for r in (found.ratio, found.high, found.low))
    )


def usable_processors() -> int:
    """Those that this process may run on."""
    process = psutil.Process()
    return (
        len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else psutil.cpu_count() or 1
    )
