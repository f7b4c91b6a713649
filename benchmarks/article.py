"""The common tutorial against isograd's fastest mode, for both frameworks, in one run.

``python benchmarks/article.py [--data-dir DIR]``: MNIST from DIR or from the public mirrors;
without either, the digits that come with isograd. Epochs of all contenders are interleaved, in an
order that is reversed each time.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from isograd.bench.training import Course
from isograd.bench.workbench import Bench, Setting, Workbench
from isograd.data import Dataset, batch_order, load
from isograd.errors import UsageError
from isograd.frameworks import MODES
from isograd.ir.graph import Graph
from isograd.ir.ops import Linear
from isograd.measure.environment import sgemm_rate
from isograd.measure.process import WorkerProcess
from isograd.measure.stats import interval, ratio
from isograd.models import load as load_model
from isograd.result import Mode
from isograd.training import Recipe
from tutorial import DEVIATION, MEAN

BATCH = 64
TRIAL_STEPS = 320
CALLS = {"torch": (1, 4), "tensorflow": (1, 32)}
"""Steps per call that are tried; unrolling (torch) costs compile time, a loop (TensorFlow) none."""

CAN_LOOP = {"compile", "function", "xla"}


def arithmetic(graph: Graph, batch: int) -> int:
    """Floating-point operations of one training step's matrix products: forward, the gradient of
    each weight, and the gradient of each input but the network's own.
    """
    total = 0
    for node in graph.nodes:
        if isinstance(node.op, Linear):
            out, inner = graph.parameters[node.parameters["weight"]].shape
            passes = 2 if total == 0 else 3
            total += passes * 2 * batch * out * inner
    return total


class Contender:
    """isograd's training in one mode, epoch by epoch."""

    def __init__(
        self, mode: str, framework: str, threads: int, per_call: int, course: Course, epochs: int
    ) -> None:
        self.label = f"isograd {framework}/{mode}, threads {threads}, {per_call} per call"
        self.framework, self.mode = framework, mode
        self.course = course
        model = load_model("mnist-mlp")
        self.folder = tempfile.TemporaryDirectory(prefix="isograd-")
        setting = Setting(
            model.graph,
            course.recipe,
            Path(self.folder.name),
            threads=threads,
            steps_per_call=per_call,
        )
        self.workbench = Workbench(setting, [f"{framework}/{mode}"])
        self.bench: Bench = Bench(setting, Mode(framework, mode), self.workbench.emitted[framework])
        self.bench.start()
        order = batch_order(len(course.targets), BATCH, epochs, seed=0)
        steps = order.shape[1] // per_call * per_call
        self.order = order[:, :steps]
        self.next = 0
        self.rewind()
        self.bench.side().train(self.order[0][: 2 * per_call])

    def rewind(self) -> None:
        side = self.bench.side()
        side.set_state(load_model("mnist-mlp").initial_state(0))
        side.load_data((self.course.inputs,), self.course.targets)
        self.next = 0

    def trial(self) -> float:
        """Microseconds per step over a few steps."""
        rows = np.resize(self.order.reshape(-1, BATCH), (TRIAL_STEPS, BATCH))
        seconds, _ = self.bench.executor.timed_train(rows)
        return seconds / TRIAL_STEPS * 1e6

    def epoch(self) -> float:
        """Microseconds per step over the next epoch."""
        rows = self.order[self.next]
        self.next += 1
        seconds, _ = self.bench.executor.timed_train(rows)
        return seconds / len(rows) * 1e6

    def accuracy(self) -> float:
        return self.course.quality(self.bench.side())

    def close(self) -> None:
        self.bench.close()
        self.folder.cleanup()


class Tutorial:
    """A tutorial in a worker of its own, with the framework's own default threads."""

    def __init__(self, framework: str, data: Dataset, folder: Path) -> None:
        self.label = f"tutorial {framework}"
        self.framework = framework
        self.steps = -(-len(data.train_targets) // BATCH)
        self.test = (np.rint(data.test_inputs * 255).astype(np.uint8), data.test_targets)
        images = np.rint(data.train_inputs * 255).astype(np.uint8)
        here = str(Path(__file__).parent)
        self.worker = WorkerProcess(
            folder / f"tutorial-{framework}.log",
            {"PYTHONPATH": here, "TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"},
            module="tutorial",
        )
        self.worker.call("start", framework, images, data.train_targets, BATCH)

    def epoch(self) -> float:
        """Microseconds per step over an epoch."""
        return float(self.worker.call("epoch")) / self.steps * 1e6

    def accuracy(self) -> float:
        return float(self.worker.call("accuracy", *self.test))

    def close(self) -> None:
        self.worker.close()


def fastest(
    framework: str, course: Course, epochs: int, console: Console
) -> tuple[Contender, list]:  # type: ignore[type-arg]
    """The fastest setting of a framework's modes, and the times of all that were tried."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    tried = []
    for mode in MODES[framework]:
        for threads in sorted({1, cores}):
            for per_call in CALLS[framework] if mode in CAN_LOOP else (1,):
                contender = Contender(mode, framework, threads, per_call, course, epochs)
                times = [contender.trial() for _ in range(3)]
                tried.append((contender.label, threads, min(times), mode, per_call))
                contender.close()
                console.print(f"[dim]tried {contender.label}: {min(times):.0f} µs per step[/dim]")
    _, threads, _, mode, per_call = min(tried, key=lambda row: row[2])
    return Contender(mode, framework, threads, per_call, course, epochs), tried


def course_of(framework: str, data: Dataset) -> Course:
    """The tutorial's own training: PyTorch's standardises the images, Keras' scales them."""
    if framework == "torch":
        mean, deviation = np.float32(MEAN), np.float32(DEVIATION)
        data = replace(
            data,
            train_inputs=(data.train_inputs - mean) / deviation,
            test_inputs=(data.test_inputs - mean) / deviation,
        )
    return Course.of(load_model("mnist-mlp").graph, data, Recipe(batch_size=BATCH))


def data(data_dir: Path | None) -> Dataset:
    """MNIST where it can be had, otherwise the embedded digits."""
    try:
        return load("mnist", data_dir)
    except UsageError:
        if data_dir is not None:
            raise
        return load("digits")


def main(
    data_dir: Annotated[Path | None, typer.Option(help="Folder with MNIST's idx files.")] = None,
    epochs: Annotated[int, typer.Option(min=3)] = 10,
) -> None:
    """Prints the ratios, the accuracies, and the floor that the arithmetic sets."""
    console = Console(width=110)
    found = data(data_dir)
    console.print(f"{found.name}: {len(found.train_targets):,} training examples, {epochs} epochs")
    picked = [fastest(f, course_of(f, found), epochs, console) for f in MODES]
    contenders: list[Contender | Tutorial] = [contender for contender, _ in picked]
    with tempfile.TemporaryDirectory() as folder:
        contenders += [Tutorial(framework, found, Path(folder)) for framework in MODES]
        for contender in contenders:
            contender.epoch()  # warm
            if isinstance(contender, Contender):
                contender.rewind()
            else:
                contender.worker.call(
                    "start",
                    contender.framework,
                    np.rint(found.train_inputs * 255).astype(np.uint8),
                    found.train_targets,
                    BATCH,
                )
        rounds: dict[str, list[list[float]]] = {c.label: [] for c in contenders}
        for number in range(epochs):
            for contender in contenders if number % 2 == 0 else contenders[::-1]:
                rounds[contender.label].append([contender.epoch()])
            console.print(f"[dim]epoch {number + 1} of {epochs}[/dim]")
        report(console, contenders, rounds, [row for _, tried in picked for row in tried])
        for contender in contenders:
            contender.close()


def report(
    console: Console,
    contenders: list[Contender | Tutorial],
    rounds: dict[str, list[list[float]]],
    tried: list,  # type: ignore[type-arg]
) -> None:
    """The tables."""
    table = Table("who", "µs per step", "tutorial / isograd", "test accuracy", box=None)
    ours = {c.framework: c.label for c in contenders if isinstance(c, Contender)}
    for contender in contenders:
        step = interval(rounds[contender.label])
        gain = ""
        if isinstance(contender, Tutorial):
            own = ours[contender.framework]
            found = ratio(contender.label, own, rounds[contender.label], rounds[own])
            gain = f"{found.ratio:.1f} [{found.low:.1f}, {found.high:.1f}]"
        accuracy = f"{contender.accuracy():.2%}"
        table.add_row(contender.label, f"{step.median:,.0f}", gain, accuracy)
    console.print(table)
    graph = load_model("mnist-mlp").graph
    work = arithmetic(graph, BATCH)
    floors = {t: work / sgemm_rate(t) * 1e6 for t in sorted({row[1] for row in tried})}
    for threads, floor in floors.items():
        console.print(
            f"floor with {threads} thread(s): {work / 1e6:.1f} MFLOP per step at the measured "
            f"sgemm rate = {floor:.0f} µs"
        )
    close = Table("mode", "µs per step", "times the floor", box=None)
    for label, threads, microseconds, *_ in tried:
        close.add_row(label, f"{microseconds:,.0f}", f"{microseconds / floors[threads]:.1f}")
    console.print(close)


if __name__ == "__main__":
    typer.run(main)
