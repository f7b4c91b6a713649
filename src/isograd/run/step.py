"""One training step of a model, in each framework's own terms: what is looked at and measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from isograd.frameworks import part
from isograd.frameworks.marked import places
from isograd.frameworks.protocol import Emitted, Subject
from isograd.frameworks.side import native_inputs, native_targets, plan
from isograd.measure.renewed import RenewedWorker
from isograd.models import Model
from isograd.proof import Trial
from isograd.training import Recipe


@dataclass(frozen=True)
class Step:
    """One training step of a model: what is looked at."""

    model: Model
    recipe: Recipe
    trial: Trial
    device: str
    threads: int
    timeout_s: float


def make_subject(step: Step, framework: str, folder: Path, *, marked: bool = True) -> Subject:
    """The step in a framework's own terms; its source is written into the folder, marked or as it
    is emitted for users. Raises `UsageError` when the framework has no form of an op."""
    network, trial = step.model.graph, step.trial
    emitter = part(framework, "emitter")
    emitted: Emitted = emitter.mark(network) if marked else emitter.emit(network)
    source = folder / f"{framework}_{'model' if marked else 'plain'}.py"
    source.write_text(emitted.source, encoding="utf-8")
    planned = plan(
        network,
        emitted,
        source,
        "eager",
        step.recipe,
        device=step.device,
        threads=step.threads,
    )
    return Subject(
        planned,
        places(emitted.source) if marked else {},
        emitted.parameters.forward(trial.weights),
        native_inputs(network, emitted, trial.inputs),
        native_targets(network, emitted, trial.targets),
    )


def worker_for(step: Step, framework: str, folder: Path) -> RenewedWorker:
    """The process that looks at the step in one framework."""
    return RenewedWorker(
        framework, folder, device=step.device, threads=step.threads, timeout_s=step.timeout_s
    )
