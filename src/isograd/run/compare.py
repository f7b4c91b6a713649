"""`compare`: prove every mode, measure it fairly, train it, and write down what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from isograd.bench.fit import check_fit, usual_data
from isograd.bench.timing import copy_of, measure_steps
from isograd.bench.training import DISTURBED_STARTS, Course, agreement, disturb
from isograd.bench.workbench import Bench, Setting, Workbench, choose_modes
from isograd.data import Dataset, batch_order
from isograd.data import load as load_data
from isograd.errors import IsogradError
from isograd.ir.inputs import InputSpec
from isograd.measure.environment import environment
from isograd.models import Model, load
from isograd.pipelines.feed import FeedReference
from isograd.progress import Progress, Silent
from isograd.proof.judge import worst
from isograd.report import write
from isograd.result import Mode, Result
from isograd.run.conclude import conclude
from isograd.run.feeds import feed_modes
from isograd.run.folders import new_directory
from isograd.run.graph import graph
from isograd.run.phases import carry_out
from isograd.run.prove import declared_differences, prove_all
from isograd.started import command_line, now
from isograd.training import Recipe
from isograd.views import Graphs

WARM_UP_CALLS = 10
"""Calls after the first call, before memory is read and anything is timed."""


@dataclass(frozen=True)
class Request:
    """What a user asked `compare` for; the defaults are the command line's."""

    recipe: Recipe
    data: str
    data_dir: Path | None = None
    modes: tuple[str, ...] = ()
    epochs: int = 15
    seeds: int = 3
    device: str = "cpu"
    threads: int = 1
    steps_per_call: int = 1
    idiomatic: bool = False
    target: float | None = None
    measure_s: float = 6.0
    timeout_s: float = 600.0
    graphs: bool = False
    feeds: tuple[FeedReference, ...] = ()


def compare(
    model: object,
    request: Request | None = None,
    *,
    inputs: Sequence[str | InputSpec] = (),
    trust: bool = False,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Result, Path]:
    """Proves, measures and trains one network in every framework and mode.

    Args:
        model: whatever `isograd.load` takes: a zoo name, ``file.py:symbol``, an ``nn.Module`` ...
        request: what to do; by default the model's usual data set and loss, with Adam.
        inputs: what the network is called with, such as ``"x=float32[N,3,32,32]"``.
        trust: let a model file bring code of its own.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the result and its folder, in which ``result.json``, ``report.html``, ``report.md``,
    ``graph.json`` where graphs were asked for, the emitted sources and the workers' logs lie.
    Ctrl-C ends it early; what was found until then is kept, and ``result.status`` is ``partial``.

    Raises `UsageError` for bad input.

    """
    found = load(model, inputs, trust=trust)
    request = request or Request(Recipe(loss=found.loss), usual_data(found))
    dataset = load_data(request.data, request.data_dir)
    check_fit(found.graph, dataset, request.recipe)
    choose_modes(request.modes)  # a wrong one leaves no folder behind
    directory = new_directory(out, found.graph.name, Result)
    run = Comparison(found, request, dataset, directory, progress or Silent(), command)
    return run.everything(), directory


class Comparison:
    """One run of `compare`; the result grows phase by phase and is written after each."""

    def __init__(
        self,
        model: Model,
        request: Request,
        dataset: Dataset,
        directory: Path,
        progress: Progress,
        command: str | None,
    ) -> None:
        self.model, self.request, self.dataset = model, request, dataset
        self.directory, self.progress = directory, progress
        self.graphs: Graphs | None = None
        self.course = Course.of(model.graph, dataset, request.recipe)
        self.order = [
            batch_order(len(self.course.targets), request.recipe.batch_size, request.epochs, seed)
            for seed in range(request.seeds)
        ]
        setting = Setting(
            graph=model.graph,
            recipe=request.recipe,
            directory=directory,
            device=request.device,
            threads=request.threads,
            idiomatic=request.idiomatic,
            steps_per_call=request.steps_per_call,
            timeout_s=request.timeout_s,
            original=model.original,
            imported=model.imported,
        )
        self.bench = Workbench(setting, request.modes)
        self._warm_s: dict[str, float] = {}
        steps_per_epoch = int(self.order[0].shape[1])
        self.result = _new(model, request, dataset, self.bench.modes, steps_per_epoch, command)

    def everything(self) -> Result:
        """All phases. Whatever ends them early, what was found is written."""
        begin = perf_counter()
        result = self.result
        phases = {
            "starting the workers": self.start,
            "proving": self.prove,
            "measuring step times": self.measure,
            "training": self.train,
        }
        if self.request.feeds:
            phases["feeding"] = self.feed
        if self.request.graphs:
            phases["taking the graphs"] = self.take_graphs
        try:
            carry_out(phases, result, partial(self._write, begin))
        finally:
            self.bench.close()
            conclude(result, self.request.target, random_masks=self._random_masks)
            self._write(begin)
        return result

    def _write(self, begin: float) -> None:
        self.result.duration_s = perf_counter() - begin
        write(self.result, self.directory, replace=True, graphs=self.graphs)

    @property
    def _random_masks(self) -> bool:
        return any(emitted.dropouts for emitted in self.bench.emitted.values())

    def start(self) -> None:
        """Starts each worker, alone, for an honest first call."""
        self.progress.phase("starting", len(self.bench.modes))
        for mode in self.bench.modes:
            self.bench.start(mode)
            if mode.label in self.bench.benches:
                one = self.bench.benches[mode.label]
                self.bench.guard(one, self._first_call)
            self.progress.advance(mode.label)
        self.result.reference = self.bench.reference.mode.label
        self.result.declared = declared_differences(self.bench)

    def _first_call(self, bench: Bench) -> None:
        """The first training step of a fresh process, alone on the machine."""
        side, batches = bench.side(), self.order[0][0]
        side.set_state(self.model.initial_state(0))
        side.load_data((self.course.inputs,), self.course.targets)
        per_call = self.request.steps_per_call
        bench.mode.build_s = bench.executor.build_s
        bench.mode.first_call_s, _ = bench.executor.timed_train(batches[:per_call])
        warm = [bench.executor.timed_train(batches[:per_call])[0] for _ in range(WARM_UP_CALLS)]
        self._warm_s[bench.mode.label] = min(warm)
        bench.mode.peak_memory_mb = bench.worker.call("peak_memory")

    def prove(self) -> None:
        """Proves every mode."""
        self.result.derivatives = prove_all(self.bench, self.dataset, 0, self.progress, self.model)
        self.result.reference = self.bench.reference.mode.label
        self.result.verdict = worst([m.verdict for m in self.bench.modes if m.verdict])

    def measure(self) -> None:
        """Times every mode's steps, with A/A pairs."""
        copies = self._copies()
        try:
            benches = self.bench.alive
            for bench in [*benches, *copies]:
                self.bench.guard(bench, self._rewind)
            found = measure_steps(
                self.bench.alive,
                copies,
                self.order[0].reshape(-1, self.request.recipe.batch_size),
                self.result,
                budget_s=self.request.measure_s,
                progress=self.progress,
            )
        finally:
            for copy in copies:
                copy.close()
        for bench in benches:
            if bench.mode.label in found.failures:
                self.bench.fail(bench, "failed", found.failures[bench.mode.label])
        if found.partial:
            raise KeyboardInterrupt

    def _quickest(self) -> list[Bench]:
        """The mode of each framework whose warm steps were fastest: the A/A pairs."""
        best: dict[str, Bench] = {}
        for bench in self.bench.alive:
            other = best.get(bench.mode.framework)
            if other is None or self._warm_s[bench.mode.label] < self._warm_s[other.mode.label]:
                best[bench.mode.framework] = bench
        return list(best.values())

    def _copies(self) -> list[Bench]:
        """Second workers of those modes; a pair that cannot be made is left out."""
        found: list[Bench] = []

        def make(bench: Bench) -> None:
            copy = Bench(self.bench.setting, copy_of(bench.mode), bench.emitted, tag="-again")
            try:
                self._warm(copy)
            except IsogradError:
                copy.close()
            else:
                found.append(copy)

        self.bench.each(self._quickest(), make)
        return found

    def _warm(self, copy: Bench) -> None:
        copy.start()
        self._rewind(copy)
        copy.side().train(self.order[0][0][: self.request.steps_per_call])

    def _rewind(self, bench: Bench) -> None:
        side = bench.side()
        side.set_state(self.model.initial_state(0))
        side.load_data((self.course.inputs,), self.course.targets)

    def train(self) -> None:
        """Trains every mode from every seed."""
        seeds = range(self.request.seeds)
        benches = self.bench.alive
        self.progress.phase("training", len(benches) * len(seeds) + DISTURBED_STARTS)
        for seed in seeds:
            for one in self._rotated(benches, seed):
                if one.mode.label in self.bench.benches:
                    self.bench.guard(one, partial(self._train, seed))
                self.progress.advance(f"{one.mode.label}, seed {seed}")
        self._agree()

    def feed(self) -> None:
        """The user's own pipelines: alone, and in a loop with each mode that they feed."""
        benches = {m.label: b for m in self.bench.modes if (b := self.bench.benches.get(m.label))}
        self.result.feeds, self.result.fed = feed_modes(
            self.request.feeds,
            benches,
            self.directory,
            threads=self.request.threads,
            timeout_s=self.request.timeout_s,
            progress=self.progress,
        )

    def take_graphs(self) -> None:
        """The views of one training step in both frameworks."""
        self.graphs = graph(
            self.model,
            self.request.recipe,
            with_overlays=True,
            device=self.request.device,
            threads=self.request.threads,
            timeout_s=self.request.timeout_s,
            progress=self.progress,
        )

    def _train(self, seed: int, bench: Bench) -> None:
        start = self.model.initial_state(seed)
        bench.mode.curves.append(self.course.train(bench.side(), start, self.order[seed], seed))

    @staticmethod
    def _rotated(benches: Sequence[Bench], by: int) -> list[Bench]:
        by %= max(len(benches), 1)
        return [*benches[by:], *benches[:by]]

    def _agree(self) -> None:
        """Curves of all modes against the reference's, and its own from disturbed starts."""
        reference = self.bench.reference
        disturbed = []
        for number in range(1, DISTURBED_STARTS + 1):
            start = disturb(self.model.initial_state(0), number)
            disturbed.append(self.course.train(reference.side(), start, self.order[0], 0))
            self.progress.advance("disturbed start")
        self.result.agreement = [
            agreement(
                bench.mode.label,
                bench.mode.curves,
                reference.mode.curves,
                disturbed,
                random_masks=self._random_masks,
            )
            for bench in self.bench.alive
            if bench is not reference
        ]


def _new(
    model: Model,
    request: Request,
    dataset: Dataset,
    modes: list[Mode],
    steps_per_epoch: int,
    command: str | None,
) -> Result:
    """An empty record."""
    return Result(
        command=command_line(command),
        created=now(),
        model={
            **model.summary,
            "nodes": len(model.graph.nodes),
            "inputs": {n: list(t.shape) for n, t in model.graph.inputs.items()},
        },
        data=dataset.summary,
        training={
            **request.recipe.to_dict(),
            "epochs": request.epochs,
            "seeds": request.seeds,
            "steps_per_epoch": steps_per_epoch,
            "target": request.target,
        },
        policy=_policy(request),
        environment=environment(),
        reference=modes[0].label,
        modes=modes,
    )


def _policy(request: Request) -> dict[str, str]:
    """How both sides are treated alike, in words for the report."""
    return {
        "initial state": "one per seed, drawn with NumPy, the same numbers on every side",
        "batch order": "one per seed and epoch; the last partial batch is left out",
        "data": "in memory; each step gathers its batch by index",
        "dropout": "proven with shared masks, trained with each framework's own generator",
        "threads": f"{request.threads} per framework, set explicitly",
        "device": request.device,
        "precision": "float32 measured, float64 as the referee; TF32 off",
        "denormal numbers": "flushed to zero on every side",
        "optimizer": "each framework's own" if request.idiomatic else "one definition, exact",
        "steps per call": str(request.steps_per_call),
    }
