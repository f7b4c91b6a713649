"""`prove`: every mode of every framework is held against the reference, stage by stage."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from isograd.bench.fit import check_fit, check_loss
from isograd.bench.workbench import ORIGINAL, Bench, Setting, Workbench
from isograd.data import Dataset
from isograd.data import load as load_data
from isograd.errors import WorkerError
from isograd.frameworks import MODES, part
from isograd.frameworks.side import Side
from isograd.ir.graph import Graph
from isograd.ir.inputs import InputSpec
from isograd.models import Model, load
from isograd.progress import Progress, Silent
from isograd.proof import (
    Baseline,
    Evidence,
    Trial,
    establish,
    gather,
    judge_evidence,
    make_trial,
)
from isograd.proof.derivatives import derivative_rows
from isograd.proof.judge import worst
from isograd.proof.summary import ProofReport
from isograd.result import DerivativeRow, Proof
from isograd.training import Recipe


def prove(
    model: object,
    *,
    inputs: Sequence[str | InputSpec] = (),
    trust: bool = False,
    twin: Graph | None = None,
    recipe: Recipe | None = None,
    twin_recipe: Recipe | None = None,
    modes: Sequence[str] = (),
    data: Dataset | None = None,
    data_dir: Path | None = None,
    device: str = "cpu",
    threads: int = 1,
    idiomatic: bool = False,
    input_layout: str | None = None,
    timeout_s: float = 600.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> ProofReport:
    """Proves that a network is the same in every framework and mode.

    Args:
        model: whatever `isograd.load` takes: a zoo name, ``file.py:symbol``, an ``nn.Module`` ...
            A network that a user brought is itself the reference.
        inputs: what it is called with, such as ``"x=float32[N,3,32,32]"``.
        trust: let a model file bring code of its own.
        twin: another graph for every framework but the reference's, with the same parameter names
            and shapes: are the two the same network?
        recipe: the training; by default Adam with the model's usual loss.
        twin_recipe: another training for every framework but the reference's.
        modes: words such as ``torch``, ``xla`` or ``tensorflow/session``; all by default.
        data: what the optimizer stage trains on; by default the model's usual data set, or random
            data where none is known.
        data_dir: local files of that data set.
        device: ``cpu`` or ``cuda``.
        threads: threads of each framework.
        idiomatic: let each framework use its own optimizers and layers.
        input_layout: how images are handed in and out, ``channels-first`` or ``channels-last``; by
            default as each framework prefers it.
        timeout_s: seconds that a worker may take for one answer.
        seed: of the trial's points.
        progress: who is told about it.

    Raises `UsageError` for bad input and `WorkerError` when no mode could run.

    """
    found = load(model, inputs, trust=trust)
    recipe = recipe or Recipe(loss=found.loss)
    if data is None and found.data:
        data = load_data(found.data, data_dir)
    check_loss(found.graph, recipe)
    if data:
        check_fit(found.graph, data, recipe)
    progress = progress or Silent()
    with tempfile.TemporaryDirectory(prefix="isograd-") as directory:
        others = list(MODES)[1:]
        setting = Setting(
            found.graph,
            recipe,
            Path(directory),
            device,
            threads,
            idiomatic,
            input_layout,
            timeout_s=timeout_s,
            twins={framework: twin for framework in others if twin},
            twin_recipes={framework: twin_recipe for framework in others if twin_recipe},
            original=found.original,
            imported=found.imported,
        )
        with closing(Workbench(setting, modes)) as bench:
            bench.start_all(progress)
            reference = bench.reference.mode.label
            derivatives = prove_all(bench, data, seed, progress, found)
    verdicts = [mode.verdict for mode in bench.modes if mode.verdict]
    if not verdicts:
        raise WorkerError("No mode could be proven.", hint=bench.modes[0].reason)
    return ProofReport(
        model=found.reference,
        reference=reference,
        verdict=worst(verdicts),
        parameters=found.graph.count_parameters(),
        modes=bench.modes,
        derivatives=derivatives,
        declared=declared_differences(bench),
    )


def prove_all(
    bench: Workbench,
    data: Dataset | None,
    seed: int,
    progress: Progress,
    model: Model,
) -> list[DerivativeRow]:
    """Proves every mode that is alive, writes the proofs into the modes, and returns derivatives
    of the loss as each framework's first mode finds them."""
    setting = bench.setting
    trial = make_trial(setting.graph, setting.recipe, data, seed, model.weights, model.bounds)
    return prove_at(bench, trial, progress)


def prove_at(bench: Workbench, trial: Trial, progress: Progress) -> list[DerivativeRow]:
    """`prove_all` at points that are given."""
    progress.phase("proving", 1 + len(bench.alive))
    setting = bench.setting
    baselines: list[Baseline] = []
    evidence: dict[str, Evidence] = {}
    reference = bench.reference

    def work(one: Bench) -> None:
        if one is reference:
            baselines.append(establish(*_both_precisions(one), trial))
            progress.advance("rounding envelope")
        evidence[one.mode.label] = gather(*_both_precisions(one), trial)
        progress.advance(one.mode.label)

    bench.each(_longest_first(bench.alive, reference), work)
    baseline = baselines[0] if baselines else _first_baseline(bench, trial)
    for one in bench.alive:
        proof = judge_evidence(baseline, evidence[one.mode.label])
        if setting.original and not any(other.mode.mode == ORIGINAL for other in bench.alive):
            proof = _without_original(proof)
        one.mode.proof, one.mode.verdict = proof, proof.verdict
    first = {b.mode.framework: b for b in reversed(bench.alive)}
    sides = {name: first[name].side("float64", shared_masks=True) for name in reversed(first)}
    return derivative_rows(sides, trial, setting.recipe.loss) if sides else []


def _without_original(proof: Proof) -> Proof:
    """Twins that agree with each other, where the user's own network could not be run."""
    structure, *others = proof.stages
    unknown = replace(
        structure,
        verdict=worst([structure.verdict, "inconclusive"]),
        detail="the original could not be run, so that the twins are held against each other only",
    )
    return replace(
        proof, stages=[unknown, *others], verdict=worst([proof.verdict, unknown.verdict])
    )


def declared_differences(bench: Workbench) -> list[str]:
    """What a run accepts: what the original's own training does beside the network, and in an
    idiomatic one differences of stock layers and of stock optimizers."""
    imported = bench.setting.imported
    own = list(imported.declared) if imported else []
    if not bench.setting.idiomatic:
        return own
    optimizer = bench.setting.recipe.optimizer.name
    lines = own + [line for emitted in bench.emitted.values() for line in emitted.declared]
    lines += [
        known[optimizer]
        for framework in bench.emitted
        if optimizer in (known := part(framework, "idioms").OPTIMIZERS)
    ]
    return list(dict.fromkeys(lines))


def _longest_first(benches: list[Bench], reference: Bench) -> list[Bench]:
    """The reference, then the modes in the order of their first calls, which tell how long they
    compile: the order in which workers that run side by side are done soonest.
    """
    return sorted(benches, key=lambda b: (b is not reference, -(b.mode.first_call_s or 0.0)))


def _first_baseline(bench: Workbench, trial: Trial) -> Baseline:
    """The baseline of the first mode that survives making it.

    Raises `WorkerError` when none does.
    """
    found: list[Baseline] = []

    def observe(reference: Bench) -> None:
        found.append(establish(*_both_precisions(reference), trial))

    while not found:
        bench.guard(bench.reference, observe)
    return found[0]


def _both_precisions(bench: Bench) -> tuple[Side, Side]:
    return (
        bench.side("float64", shared_masks=True),
        bench.side("float32", shared_masks=bool(bench.emitted.dropouts)),
    )
