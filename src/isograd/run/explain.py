"""`prove REFERENCE TWIN`: are two implementations the same network, and if not, why?"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isograd.causes.catalogue import known_ids
from isograd.causes.interventions import Intervention, interventions
from isograd.causes.search import STAGES, Findings, Outcome, Search
from isograd.causes.subject import Subject, observe_subject
from isograd.errors import unknown
from isograd.explanation import Explanation
from isograd.frameworks import MODES, installed
from isograd.ir.inputs import InputSpec
from isograd.measure.process import WorkerProcess
from isograd.models import QUIET, load
from isograd.proof.judge import judge, worst
from isograd.proof.observe import Observation
from isograd.proof.trial import RECORDED_STEPS
from isograd.result import Cause, Effect, Spot
from isograd.run.aligned import aligned_rows, spot
from isograd.run.matching import load_twin
from isograd.run.pair import Pair, PairRun, pair_up, run_pair
from isograd.training import Recipe

SEARCHED = 10
"""How many training steps the two are compared after while causes are looked for."""

BATCH_SIZE = 8

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""Small networks are quickest in one thread."""


@dataclass(frozen=True)
class Question:
    """What `explain` is asked; see there."""

    reference: object
    twin: object
    inputs: Sequence[str | InputSpec]
    twin_inputs: Sequence[str | InputSpec] | None
    recipe: Recipe | None
    accept: tuple[str, ...]
    trust: bool
    seed: int
    recorded: tuple[int, ...]


def explain(
    reference: object,
    twin: object,
    inputs: Sequence[str | InputSpec] = (),
    *,
    twin_inputs: Sequence[str | InputSpec] | None = None,
    recipe: Recipe | None = None,
    accept: Sequence[str] = (),
    trust: bool = False,
    seed: int = 0,
    recorded: tuple[int, ...] = RECORDED_STEPS,
    timeout_s: float = 600.0,
) -> Explanation:
    """Proves two implementations against each other, and says why they differ.

    Both run as their owners wrote them, with the reference's weights in both. Where they are named
    by text, that happens in a process of its own.

    Args:
        reference: whatever `isograd.load` takes.
        twin: the same.
        inputs: what the reference is called with; and the twin, if it does not know that itself.
        twin_inputs: what the twin is called with, where that is laid out otherwise.
        recipe: the training; by default Adam with the reference's usual loss.
        accept: ids of causes that are no difference to the user.
        trust: let a model file bring code of its own.
        seed: of the points at which the two are held against each other.
        recorded: training steps after which they are compared, in order.
        timeout_s: seconds that all of it may take, in a process of its own.

    Raises `UsageError` for what cannot be read and for a cause that is not known, `WorkerError`
    when the process dies.

    """
    for name in accept:
        if name not in known_ids():
            raise unknown("cause", name, known_ids())
    question = Question(
        reference, twin, inputs, twin_inputs, recipe, tuple(accept), trust, seed, recorded
    )
    if not (isinstance(reference, str) and isinstance(twin, str)):
        return explain_here(question)
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        log = Path(folder) / "explain.log"
        environment = {**QUIET, **dict.fromkeys(THREADS, "1"), "TMPDIR": folder}
        worker = WorkerProcess(log, environment, timeout_s=timeout_s)
        try:
            found: Explanation = worker.call("run", explain_here, question)
        finally:
            worker.close()
    return found


def explain_here(question: Question) -> Explanation:
    """`explain`, in this process."""
    trust, inputs = question.trust, question.inputs
    ours = load(question.reference, inputs, trust=trust, here=True)
    theirs = load_twin(question.twin, inputs, question.twin_inputs, trust=trust, here=True)
    recipe = question.recipe or Recipe(loss=ours.loss, batch_size=BATCH_SIZE)
    pair = pair_up(ours, theirs)
    return explain_pair(pair, (recipe, recipe), question.accept, question.seed, question.recorded)


def explain_pair(
    pair: Pair,
    recipes: tuple[Recipe, Recipe],
    accept: Sequence[str] = (),
    seed: int = 0,
    recorded: tuple[int, ...] = RECORDED_STEPS,
) -> Explanation:
    """`explain`, for two networks that are aligned, and the trainings of both."""
    run = run_pair(pair, recipes[0], seed, recorded)
    found = Explanation(
        reference=pair.reference.reference,
        twin=pair.twin.reference,
        verdict=run.proof.verdict,
        parameters=run.proof.parameters,
        stages=run.proof.stages,
        frameworks=(pair.reference.framework or "", pair.twin.framework or ""),
        ambiguous=[(list(a), list(b)) for a, b in pair.alignment.ambiguous],
        rows=aligned_rows(pair.reference.graph, pair.twin.graph, pair.alignment),
    )
    differing = interventions(pair.alignment, *recipes)
    if differing:
        search = _search(pair, recipes, run)
        _conclude(found, search, search.run(differing), run, accept)
    elif run.proof.verdict == "different":
        found.rest = "nothing in the two graphs differs, but what the two networks do does"
    return found


def _search(pair: Pair, recipes: tuple[Recipe, Recipe], run: PairRun) -> Search:
    assert pair.twin.weights is not None
    trial = run.baseline.trial
    reference = Subject.of(pair.reference.graph, trial.weights, recipes[0])
    twin = Subject.of(pair.twin.graph, pair.twin.weights, recipes[1])
    shorter = replace(trial, recorded=tuple(n for n in trial.recorded if n <= SEARCHED))
    return Search(reference, twin, pair.alignment, shorter, _referee(), run.baseline.idle)


def _referee() -> str:
    """The framework that runs the descriptions."""
    return next(framework for framework in MODES if installed(framework))


def _conclude(
    found: Explanation, search: Search, findings: Findings, run: PairRun, accept: Sequence[str]
) -> None:
    found.causes = [
        _described(one, outcome, findings.mended, one.id in accept)
        for one, outcome in findings.causes
    ]
    found.harmless = [one.harmless for one in findings.harmless]
    found.unclear = [one.detail for one in findings.unclear]
    found.rest = _unexplained(search, findings, run)
    if found.causes and all(cause.accepted for cause in found.causes) and not found.rest:
        found.verdict = "equivalent"
    elif found.causes:
        found.verdict = worst([found.verdict, findings.untouched.verdict])
    elif found.unclear or found.rest:
        found.verdict = worst([found.verdict, "inconclusive"])


def _unexplained(search: Search, findings: Findings, run: PairRun) -> str:
    """What is left: a twin that does not do what its graph says, or differs when all is mended."""
    if findings.mended.verdict != "equivalent":
        stage = findings.mended.first
        return findings.mended.reason or (
            f"with all of this mended, the two still differ in the stage {stage.name}, "
            f"{stage.ratio:.1f} times the rounding envelope at {stage.worst}"
            if stage
            else ""
        )
    untouched = observe_subject(search.blended([]), search.trial, _referee())
    return _unfaithful(run, untouched)


def _unfaithful(run: PairRun, described: Observation) -> str:
    """Where the twin as it runs is another one than the twin as it was described."""
    search_steps = run.baseline.trial.recorded
    for name in STAGES:
        real = run.evidence.exact[name]
        idle = {f"{n} after step {step}" for n in run.baseline.idle for step in search_steps}
        common = {n: a for n, a in described[name].items() if n in real and n not in idle}
        disturbed = [other[name] for other in run.baseline.disturbed]
        stage = judge(name, {n: real[n] for n in common}, common, disturbed)
        if stage.verdict == "different":
            return (
                f"in the stage {name}, the twin does not do what its graph says: "
                f"{stage.ratio:.1f} times the rounding envelope at {stage.worst}"
            )
    return ""


def _described(cause: Intervention, outcome: Outcome, mended: Outcome, accepted: bool) -> Cause:
    places = [(spot(d.reference), spot(d.twin)) for d in cause.places]
    return Cause(
        id=cause.id,
        summary=cause.summary,
        node=_place(*places[0]) if places else cause.field.path if cause.field else "",
        places=places,
        reference=cause.reference,
        twin=cause.twin,
        before=_effect(outcome),
        after=_effect(mended),
        fix=cause.fix,
        source=cause.entry.source if cause.entry else "",
        accepted=accepted,
    )


def _effect(outcome: Outcome) -> Effect:
    stage = outcome.first or max(outcome.stages, key=lambda s: s.ratio, default=None)
    if stage is None:
        return Effect(outcome.verdict, reason=outcome.reason)
    return Effect(outcome.verdict, stage.name, stage.ratio, stage.max_rel, outcome.reason)


def _place(reference: Spot | None, twin: Spot | None) -> str:
    return " / ".join(
        f"{one.scope or one.node}" + (f" ({one.source})" if one.source else "")
        for one in (reference, twin)
        if one
    )
