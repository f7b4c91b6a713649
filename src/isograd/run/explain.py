"""`prove REFERENCE TWIN`: are two implementations the same network, and if not, why?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cattrs

from isograd.causes.catalogue import known_ids
from isograd.causes.interventions import Intervention, interventions
from isograd.causes.search import STAGES, Findings, Outcome, Search
from isograd.causes.subject import Subject, observe_subject
from isograd.errors import unknown
from isograd.frameworks import MODES, installed
from isograd.ir.graph import Node
from isograd.proof.judge import judge, worst
from isograd.proof.observe import Observation
from isograd.proof.trial import Trial
from isograd.result import Cause, Effect, Stage, Verdict, to_json
from isograd.run.pair import Pair, PairRun, run_pair
from isograd.training import Recipe

RECORDED = (1, 10)
"""The training steps after which the two are compared while causes are looked for."""


@dataclass
class Explanation:
    """What was found about two implementations.

    ``stages`` are those of the two networks as their owners wrote them. ``causes`` come in the
    order of their effect; ``harmless`` differences change nothing. ``ambiguous`` are groups of
    parameters, the reference's and the twin's, that structure cannot tell apart. ``rest`` says what
    could not be explained; it is empty where all is.
    """

    reference: str
    twin: str
    verdict: Verdict
    parameters: int
    stages: list[Stage]
    causes: list[Cause] = field(default_factory=list)
    harmless: list[str] = field(default_factory=list)
    ambiguous: list[tuple[list[str], list[str]]] = field(default_factory=list)
    rest: str = ""

    @property
    def accepted(self) -> list[str]:
        """The causes that the user accepted."""
        return [cause.id for cause in self.causes if cause.accepted]

    def to_json(self) -> str:
        """One JSON object; numbers that are not finite become null."""
        return to_json(cattrs.unstructure(self))


def explain(
    pair: Pair,
    recipes: tuple[Recipe, Recipe],
    accept: Sequence[str] = (),
    seed: int = 0,
) -> Explanation:
    """Proves two networks against each other, and says why they differ. In this process.

    Raises `UsageError` for a cause that is not known.
    """
    for name in accept:
        if name not in known_ids():
            raise unknown("cause", name, known_ids())
    run = run_pair(pair, recipes[0], seed)
    found = Explanation(
        reference=pair.reference.reference,
        twin=pair.twin.reference,
        verdict=run.proof.verdict,
        parameters=run.proof.parameters,
        stages=run.proof.stages,
        ambiguous=[(list(a), list(b)) for a, b in pair.alignment.ambiguous],
    )
    differing = interventions(pair.alignment, *recipes)
    if differing:
        search = _search(pair, recipes, run.baseline.trial)
        _conclude(found, search, search.run(differing), run, accept)
    elif run.proof.verdict == "different":
        found.rest = "nothing in the two graphs differs, but what the two networks do does"
    return found


def _search(pair: Pair, recipes: tuple[Recipe, Recipe], trial: Trial) -> Search:
    assert pair.twin.weights is not None
    reference = Subject.of(pair.reference.graph, trial.weights, recipes[0])
    twin = Subject.of(pair.twin.graph, pair.twin.weights, recipes[1])
    shorter = replace(trial, recorded=RECORDED)
    return Search(reference, twin, pair.alignment, shorter, _referee())


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
    found.rest = _unexplained(search, findings, run)
    if found.causes and all(cause.accepted for cause in found.causes) and not found.rest:
        found.verdict = "equivalent"
    elif found.causes:
        found.verdict = worst([found.verdict, findings.untouched.verdict])


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
    for name in STAGES:
        real = run.evidence.exact[name]
        common = {n: a for n, a in described[name].items() if n in real}
        disturbed = [other[name] for other in run.baseline.disturbed]
        stage = judge(name, {n: real[n] for n in common}, common, disturbed)
        if stage.verdict == "different":
            return (
                f"in the stage {name}, the twin does not do what its graph says: "
                f"{stage.ratio:.1f} times the rounding envelope at {stage.worst}"
            )
    return ""


def _described(cause: Intervention, outcome: Outcome, mended: Outcome, accepted: bool) -> Cause:
    places = [_place(d.reference, d.twin) for d in cause.places]
    return Cause(
        id=cause.id,
        summary=cause.summary,
        node=places[0] if places else cause.field.path if cause.field else "",
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


def _place(reference: Node | None, twin: Node | None) -> str:
    return " / ".join(
        f"{node.scope or node.name}" + (f" ({node.source})" if node.source else "")
        for node in (reference, twin)
        if node
    )
