"""Trainings on several workers, each held against one worker's."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from isograd.errors import WorkerError
from isograd.frameworks import part
from isograd.models import Model
from isograd.progress import Progress
from isograd.scaling.engine import Command, Engine, Task, shell_script
from isograd.scaling.job import Job, Trained, read_lines, read_trained
from isograd.scaling.launch import free_port, run
from isograd.scaling.record import EngineResult, Run, Trajectory
from isograd.scaling.request import Request
from isograd.scaling.trajectories import (
    SEEDS,
    disturbed_start,
    drops_out,
    hold,
    normalises_batches,
    verdict,
)

DROPOUT = (
    "Dropout is left out where trainings are compared: every worker draws masks of its own, which "
    "are equal in distribution only."
)


class Trainings:
    """Trains with each number of workers, in float64."""

    def __init__(self, model: Model, request: Request, directory: Path, progress: Progress) -> None:
        self.model = model
        self.request = request
        self.directory = directory
        self.progress = progress
        self.notes = [DROPOUT] if drops_out(model.graph) else []
        self._disturbed: dict[str, list[Trained]] = {}

    def hold(self, engine: Engine, result: EngineResult, job: Job) -> None:
        """Fills in the trajectory of each run; one worker's is what the others are held against."""
        counts = sorted({1, *self.request.workers})
        self.progress.phase(f"{engine.name} trains", len(counts))
        reference: Trained | None = None
        for workers in counts:
            commands = self._commands(engine, job, workers, ())
            entry = Run(workers, self.request.recipe.batch_size, shell_script(commands))
            result.runs.append(entry)
            try:
                if reference is None:
                    reference = self._reference(engine, job)
                    result.losses = reference.losses
                else:
                    entry.trajectory = self._held(engine, job, workers, reference)
                entry.status = "ok"
            except WorkerError as error:
                entry.status, entry.reason = error.status, error.sentence(where=True)
                if reference is None:
                    raise
            self.progress.advance(f"{workers} workers")

    def _reference(self, engine: Engine, job: Job) -> Trained:
        """One worker's training, and those from disturbed starts, which serve all engines of a
        framework."""
        starts = [job.folder / "weights.safetensors"]
        framework = job.folder.name
        if framework not in self._disturbed:
            weights = self.model.initial_state(self.request.seed)
            starts += [
                job.write_weights(f"disturbed-{seed}", disturbed_start(weights, seed))
                for seed in SEEDS
            ]
        out = self._train(engine, job, 1, ("--weights", *map(str, starts)))
        if len(starts) == 1:
            return read_trained(job, out)
        self._disturbed[framework] = [read_trained(job, out / s.stem) for s in starts[1:]]
        return read_trained(job, out / starts[0].stem)

    def _held(self, engine: Engine, job: Job, workers: int, reference: Trained) -> Trajectory:
        extra = ("--sync-batchnorm",) if self.request.sync_batchnorm else ()
        out = self._train(engine, job, workers, extra, checkpoints=True)
        found = read_trained(job, out)
        disturbed = self._disturbed[job.folder.name]
        stages = hold(found, reference, disturbed)
        held = Trajectory(verdict(stages), stages, found.losses, resumed_at=found.starts[1:])
        if held.verdict != "equivalent" and normalises_batches(self.model.graph) and not extra:
            held.reasons.append(f"Batch normalisation: {engine.statistics}.")
            mended = self._train(engine, job, workers, ("--sync-batchnorm",), tag="-synchronised")
            held.mended = verdict(hold(read_trained(job, mended), reference, disturbed))
        return held

    def _train(
        self,
        engine: Engine,
        job: Job,
        workers: int,
        arguments: Sequence[str],
        *,
        checkpoints: bool = False,
        tag: str = "",
    ) -> Path:
        """Runs the script; returns where its results lie."""
        out = self.directory / "runs" / f"{engine.name}-{workers}{tag}"
        shutil.rmtree(out, ignore_errors=True)
        restarts = self.request.restarts if checkpoints else 0
        try:
            run(
                self._commands(engine, job, workers, arguments, out, checkpoints=checkpoints),
                out / "logs",
                timeout_s=self.request.timeout_s,
                restarts=0 if engine.restarts_itself else restarts,
            )
        except WorkerError as error:
            done = len(read_lines(out / "losses.jsonl"))
            if done:
                error.hint = (
                    f"{done} steps were done. The same command goes on from the last checkpoint "
                    "there is (--checkpoint-every)."
                )
            raise
        return out

    def _commands(
        self,
        engine: Engine,
        job: Job,
        workers: int,
        arguments: Sequence[str],
        out: Path | None = None,
        *,
        checkpoints: bool = False,
    ) -> list[Command]:
        out = out or self.directory / "runs" / f"{engine.name}-{workers}"
        every = self.request.checkpoint_every
        task = Task(
            engine.name,
            workers,
            job.folder.resolve(),
            "train.py",
            (
                *("--out", str(out.resolve()), "--dtype", "float64"),
                *("--device", self.request.device),
                *(("--no-dropout",) if drops_out(self.model.graph) else ()),
                *(("--checkpoint-every", str(every)) if checkpoints and every else ()),
                *arguments,
            ),
            port=free_port(workers),
            restarts=self.request.restarts if checkpoints else 0,
        )
        found: list[Command] = part(job.folder.name, "scale").commands(task)
        return found
