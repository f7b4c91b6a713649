"""`advise`: what is known of a network here, what is missing measured, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from isograd.advice import Advice
from isograd.advise.conclude import advise
from isograd.advise.measured import Debugged, Measured, Scaled, debugging, scalings, trainings
from isograd.advise.profile import Profile
from isograd.bench.fit import usual_data
from isograd.claims.rules.debugging import DEBUGGING
from isograd.claims.rules.production import RUNNING
from isograd.deploy.request import Request as FormsRequest
from isograd.evidence import USUAL, Evidence, Found, gather
from isograd.frontier import Frontier
from isograd.ir.inputs import InputSpec
from isograd.models import Model, load
from isograd.progress import Progress, Silent
from isograd.records import kind_of
from isograd.report.advised import write_advice
from isograd.result import Result
from isograd.run.compare import Request, compare
from isograd.run.folders import new_directory
from isograd.run.optimize import optimize
from isograd.scaling.record import Scaling
from isograd.started import command_line
from isograd.training import Recipe

R = TypeVar("R", Result, Frontier, Scaling)

LEAST_S = 30.0
"""With less than this left of the budget, nothing more is begun."""

QUICK_FORMS = (
    "dense/torch/eager",
    "dense/torch/torchscript",
    "dense/torch/onnx",
    "dense/torch/onnx-int8-dynamic",
    "dense/tensorflow/function",
    "dense/tensorflow/saved-model",
    "dense/tensorflow/litert",
    "dense/tensorflow/litert-int8-dynamic",
)
"""What is built and timed where no forms were: those that are built within seconds."""


def advise_on(
    model: object,
    profile: Profile,
    *,
    inputs: Sequence[str | InputSpec] = (),
    trust: bool = False,
    data: str | None = None,
    data_dir: Path | None = None,
    loss: str | None = None,
    results: Sequence[Path] = (),
    budget_s: float = 300.0,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Advice, Path]:
    """Advice for one network.

    Args:
        model: whatever `isograd.load` takes.
        profile: the user's situation.
        inputs: what the network is called with.
        trust: let a model file bring code of its own.
        data: the data set to train on where something is measured; by default the usual one.
        data_dir: folder with its files.
        loss: what it is trained with then; by default the network's usual one.
        results: folders with earlier results; by default ``isograd-runs``, if it is there.
        budget_s: seconds that may go into measuring what is missing; 0 measures nothing. What was
            begun is finished: a comparison takes a minute or two.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the advice and its folder. Raises `UsageError` for bad input.

    """
    found = load(model, inputs, trust=trust)
    evidence = gather(list(results) or [folder for folder in (USUAL,) if folder.is_dir()])
    directory = new_directory(out, f"{found.graph.name}-advice", Advice)
    recipe = Recipe(loss=loss or found.loss)
    network = _Network(found, tuple(map(str, inputs)), recipe, data, data_dir)
    study = _Study(network, profile, directory, progress or Silent())
    measured = study.measured(evidence, budget_s)
    advice = advise(profile, measured, model=found.graph.name, command=command_line(command))
    write_advice(advice, directory)
    return advice, directory


@dataclass(frozen=True)
class _Network:
    """A network, what it is called with, and how it is trained where something is measured."""

    model: Model
    inputs: tuple[str, ...]
    recipe: Recipe
    data: str | None
    data_dir: Path | None

    @property
    def data_set(self) -> str:
        """The data set's name. Raises `UsageError` where none is known."""
        return self.data or usual_data(self.model)

    def is_of(self, record: Result | Frontier | Scaling) -> bool:
        """Whether a record is about it: by the name of its graph, which many of a user's networks
        may share, and by what it was called when it was named."""
        own = {"name": self.model.graph.name, "reference": self.model.reference}
        return all(record.model.get(key) == value for key, value in own.items())


class _Study:
    """Finds what is known of one network, and measures the rest."""

    def __init__(
        self, network: _Network, profile: Profile, directory: Path, progress: Progress
    ) -> None:
        self.network, self.profile = network, profile
        self.directory, self.progress = directory, progress

    def measured(self, evidence: Evidence, budget_s: float) -> Measured:
        """Everything that advice goes by."""
        begin = perf_counter()
        compared = self._newest(evidence.compares)
        if compared is None and budget_s >= LEAST_S:
            compared = self._compare()
        found = Measured(
            cautions=self._cautions(evidence),
            debugged=_debugged(evidence),
            **_without_python(evidence),
            scaled=self._scaled(evidence),
        )
        if compared:
            found = _with_training(found, *compared)
        if not self.profile.ships:
            return found
        shipped = self._newest(evidence.frontiers)
        left = budget_s - (perf_counter() - begin)
        if shipped is None and left >= LEAST_S:
            shipped = self._optimize(left)
        if shipped:
            found = replace(found, shipped=shipped[0], shipped_source=str(shipped[1]))
        return found

    def _newest(self, results: Sequence[Found[R]]) -> tuple[R, Path] | None:
        """The newest that is of this network, and not cut off."""
        for one in results:
            if self.network.is_of(one.record) and one.record.status == "complete":
                return one.record, one.path
        return None

    def _compare(self) -> tuple[Result, Path]:
        network = self.network
        request = Request(
            network.recipe, network.data_set, network.data_dir, epochs=2, seeds=2, measure_s=3.0
        )
        result, folder = compare(
            network.model, request, out=self.directory / "compare", progress=self.progress
        )
        return result, folder / kind_of(Result).file

    def _optimize(self, budget_s: float) -> tuple[Frontier, Path]:
        network = self.network
        request = FormsRequest(
            network.recipe,
            network.data_set,
            network.data_dir,
            epochs=2,
            variants=("dense",),
            only=QUICK_FORMS,
            measure_s=0.3,
            budget_s=budget_s,
            trainings=False,
        )
        found, folder = optimize(
            network.model,
            request,
            inputs=network.inputs,
            out=self.directory / "optimize",
            progress=self.progress,
        )
        return found, folder / kind_of(Frontier).file

    def _scaled(self, evidence: Evidence) -> tuple[Scaled, ...]:
        """What several workers bought with this network."""
        found = self._newest(evidence.scalings)
        return scalings(found[0], str(found[1])) if found else ()

    def _cautions(self, evidence: Evidence) -> tuple[str, ...]:
        return tuple(f"{one.path} does not count: {one.reason}." for one in evidence.refused)


def _debugged(evidence: Evidence) -> tuple[Debugged, ...]:
    """What the modes answered to questions about debugging; no network's own."""
    for one in evidence.probes:
        asked = [(a.question, a.framework, a.mode, a.answer or "") for a in one.record.answers]
        found = debugging([a for a in asked if a[0] in DEBUGGING], str(one.path))
        if found:
            return found
    return ()


def _without_python(evidence: Evidence) -> dict[str, Any]:
    """What the modes answered to whether a program without Python runs what they save."""
    for one in evidence.probes:
        answers = {a.label: a.answer for a in one.record.of(RUNNING) if a.answer}
        if answers:
            return {"without_python": answers, "without_python_source": str(one.path)}
    return {}


def _with_training(found: Measured, result: Result, path: Path) -> Measured:
    around = result.environment
    return replace(
        found,
        trained=trainings(result, str(path)),
        noise=result.noise_floor.fraction if result.noise_floor else 0.0,
        device=str(result.policy.get("device", "cpu")),
        versions=dict(around.get("packages", {})),
    )
