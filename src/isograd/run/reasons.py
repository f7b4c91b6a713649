"""Why two networks differ: the proof of the two as they run, where they part, and the causes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from isograd.causes.interventions import Intervention, interventions
from isograd.causes.search import STAGES, Findings, Outcome, Search
from isograd.causes.subject import Subject, observe_subject
from isograd.data import masks_like
from isograd.explanation import Explanation, Training
from isograd.frameworks import MODES, installed, part
from isograd.proof.correspondence import correspondence
from isograd.proof.judge import judge, worst
from isograd.proof.locate import disturbed, locate
from isograd.proof.observe import Observation
from isograd.proof.trial import RECORDED_STEPS
from isograd.proof.witness import Witness
from isograd.result import Cause, Effect, Location, Spot
from isograd.run.aligned import aligned_rows, spot, with_errors
from isograd.run.pair import Pair, PairRun, run_pair
from isograd.training import LOSSES, OPTIMIZERS, Recipe

SEARCHED = 10
"""How many training steps the two are compared after while causes are looked for."""

MOST_EXAMPLES = 16
"""How many examples are in a batch of the proof at most; a script may train on more."""


def explain_pair(
    pair: Pair,
    recipes: tuple[Recipe, Recipe],
    accept: Sequence[str] = (),
    seed: int = 0,
    recorded: tuple[int, ...] = RECORDED_STEPS,
    train: Callable[[Search, Findings], list[Training]] | None = None,
) -> Explanation:
    """`explain`, for two networks that are aligned, and the trainings of both; ``train`` makes
    whole trainings of what was found."""
    size = min(recipes[0].batch_size, MOST_EXAMPLES)
    natively = _natively(pair, recipes, size)
    run = run_pair(pair, natively, seed, recorded)
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
        findings = search.run(differing)
        _conclude(found, search, findings, run, natively[1], accept)
        if train:
            found.training = train(search, findings)
    elif run.proof.verdict == "different":
        found.rest = "nothing in the two graphs differs, but what the two networks do does"
    unread = [line for recipe in recipes for line in recipe.unread]
    if unread:
        found.verdict = worst([found.verdict, "inconclusive"])
        lines = f"not understood in a script: {', '.join(dict.fromkeys(unread))}"
        found.rest = "; ".join(filter(None, [found.rest, lines]))
    if found.verdict != "equivalent" or found.causes:
        found.location = _location(pair, recipes, run)
        for divergence in found.location.divergences[:1]:
            found.rows = with_errors(found.rows, divergence)
    return found


def _location(pair: Pair, recipes: tuple[Recipe, Recipe], run: PairRun) -> Location:
    """Where the two first part, as the referee runs their graphs."""
    trial, graphs = run.baseline.trial, (pair.reference.graph, pair.twin.graph)
    tapes = [part(referee(), "tape").open_tape(graph) for graph in graphs]
    ours = Witness(
        graphs[0],
        tapes[0],
        trial.weights,
        trial.inputs,
        trial.masks[0],
        trial.targets,
        recipes[0],
    )
    known = correspondence(*graphs, pair.alignment)
    assert pair.twin.weights is not None
    recipe = _in_terms_of_twin(recipes[1], pair)
    theirs = ours.beside(graphs[1], tapes[1], pair.twin.weights, recipe, known)
    masks = masks_like(graphs[1], len(trial.inputs[0]), theirs.masks)
    theirs = replace(theirs, masks=masks)
    return locate(ours, theirs, disturbed(ours, trial), known)


def _in_terms_of_twin(recipe: Recipe, pair: Pair) -> Recipe:
    """Parameters by the twin's names."""
    return recipe.renamed(pair.alignment.parameters)


def _search(pair: Pair, recipes: tuple[Recipe, Recipe], run: PairRun) -> Search:
    assert pair.twin.weights is not None
    trial = run.baseline.trial
    reference = Subject.of(pair.reference.graph, trial.weights, recipes[0])
    twin = Subject.of(pair.twin.graph, pair.twin.weights, recipes[1])
    shorter = replace(trial, recorded=tuple(n for n in trial.recorded if n <= SEARCHED))
    return Search(reference, twin, pair.alignment, shorter, referee(), run.baseline.idle)


def referee() -> str:
    """The framework that runs the descriptions."""
    return next(framework for framework in MODES if installed(framework))


def _natively(pair: Pair, recipes: tuple[Recipe, Recipe], batch_size: int) -> tuple[Recipe, Recipe]:
    """What the networks themselves are trained with. Forms that only a script has are looked at in
    descriptions alone, where there is no script: both then train in the plain way."""
    originals = (model.original for model in (pair.reference, pair.twin))
    trained = any(original and original.training for original in originals)
    if trained or all(_is_plain(recipe) for recipe in recipes):
        ours, theirs = (replace(recipe, batch_size=batch_size) for recipe in recipes)
        return ours, theirs
    kind = recipes[0].loss.kind
    plain = Recipe(kind if kind in LOSSES else "mean_squared_error", batch_size=batch_size)
    return plain, plain


def _is_plain(recipe: Recipe) -> bool:
    return recipe.standard and type(recipe.optimizer) in OPTIMIZERS.values()


def _conclude(
    found: Explanation,
    search: Search,
    findings: Findings,
    run: PairRun,
    native: Recipe,
    accept: Sequence[str],
) -> None:
    found.causes = [
        _described(one, outcome, findings.mended, one.id in accept)
        for one, outcome in findings.causes
    ]
    found.harmless = [one.harmless for one in findings.harmless]
    found.unclear = [one.detail for one in findings.unclear]
    found.rest = _unexplained(search, findings, run, native)
    counted = [cause.before.verdict for cause in found.causes if not cause.accepted]
    if found.causes and not counted and not found.rest:
        found.verdict = "equivalent"
        return
    if found.causes:
        counted.append(findings.untouched.verdict)
    elif found.unclear or found.rest:
        counted.append("inconclusive")
    found.verdict = worst([found.verdict, *counted])


def _unexplained(search: Search, findings: Findings, run: PairRun, native: Recipe) -> str:
    """What is left: a twin that does not do what its graph says, or differs when all is mended.
    ``native`` is what the twin itself was trained with."""
    stage = findings.mended.first
    if findings.mended.reason:
        return findings.mended.reason
    if stage and stage.verdict == "inconclusive":
        return (
            f"with all of this mended, rounding hides whether the two agree in the stage "
            f"{stage.name}, at {stage.worst}: {stage.detail}"
        )
    if stage:
        return (
            f"with all of this mended, the two still differ in the stage {stage.name}, "
            f"{stage.ratio:.1f} times the rounding envelope at {stage.worst}"
        )
    untouched = replace(search.blended([]), recipe=native)
    return _unfaithful(run, observe_subject(untouched, search.trial, referee()))


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
        node=_place(*places[0]) if places else cause.fields[0].path if cause.fields else "",
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
