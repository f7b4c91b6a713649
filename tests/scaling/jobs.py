"""Jobs that tests change and start."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from isograd.bench.fit import usual_data
from isograd.frameworks import part
from isograd.models import load
from isograd.run.scale import Material
from isograd.scaling.engine import Command, Task
from isograd.scaling.job import Job, Trained, read_trained
from isograd.scaling.launch import free_port, run
from isograd.scaling.request import Request
from isograd.scaling.trajectories import SEEDS, disturbed_start
from isograd.training import SGD, Optimizer, Recipe

FRAMEWORKS = {
    "ddp": "torch",
    "fsdp": "torch",
    "multiworker": "tensorflow",
    "mirrored": "tensorflow",
}


MODEL = "bce-mlp"


@dataclass
class Bench:
    """A job of one engine. ``arguments`` go to every training of it."""

    engine: str
    job: Job
    arguments: tuple[str, ...] = ("--dtype", "float64", "--no-dropout")

    def commands(self, workers: int, out: Path, *more: str, restarts: int = 0) -> list[Command]:
        task = Task(
            self.engine,
            workers,
            self.job.folder,
            "train.py",
            ("--out", str(out), *self.arguments, *more),
            port=free_port(workers),
            restarts=restarts,
        )
        found: list[Command] = part(FRAMEWORKS[self.engine], "scale").commands(task)
        return found

    def train(self, workers: int, out: Path, *more: str) -> Trained:
        run(self.commands(workers, out, *more), out / "logs", timeout_s=300)
        return read_trained(self.job, out)

    def starts(self) -> list[Path]:
        """The weights, and those that are disturbed."""
        weights = load(MODEL).initial_state(0)
        return [self.job.folder / "weights.safetensors"] + [
            self.job.write_weights(f"disturbed-{seed}", disturbed_start(weights, seed))
            for seed in SEEDS
        ]

    def reference(self, out: Path) -> tuple[Trained, list[Trained]]:
        """One worker's training, and those from disturbed starts."""
        starts = self.starts()
        run(self.commands(1, out, "--weights", *map(str, starts)), out / "logs", timeout_s=300)
        found = [read_trained(self.job, out / path.stem) for path in starts]
        return found[0], found[1:]

    def change(self, before: str, after: str, file: str = "train.py") -> None:
        """Plants a fault in the script."""
        path = self.job.folder / file
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))


def bench(
    engine: str, folder: Path, *, steps: int = 6, batch: int = 15, rule: Optimizer | None = None
) -> Bench:
    """A job of the network `MODEL`."""
    found = load(MODEL)
    recipe = Recipe(found.loss, rule or SGD(), batch_size=batch)
    material = Material.of(found, Request(recipe, usual_data(found), steps=steps))
    return Bench(engine, material.job(folder / FRAMEWORKS[engine]))


def without_torchrun(commands: list[Command], workers: int) -> list[Command]:
    """The same workers of PyTorch, started one by one: quicker, as there is no torchrun."""
    (command,) = commands
    script = next(i for i, word in enumerate(command.words) if word.endswith("train.py"))
    group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "LOCAL_RANK": "0"}
    return [
        Command(
            (sys.executable, *command.words[script:]),
            {**command.environment, **group, "RANK": str(rank), "WORLD_SIZE": str(workers)},
        )
        for rank in range(workers)
    ]
