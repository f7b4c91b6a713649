"""`prove REFERENCE TWIN`: are two implementations the same network, and if not, why?"""

from __future__ import annotations

from dataclasses import dataclass, field

import cattrs

from isograd.causes.interventions import Intervention, interventions
from isograd.causes.search import Findings, Outcome, Search
from isograd.causes.subject import Subject
from isograd.frameworks import MODES, installed
from isograd.ir.graph import Node
from isograd.proof.trial import Trial
from isograd.result import Cause, Effect, Stage, Verdict, to_json
from isograd.run.pair import Pair
from isograd.training import Recipe

RECORDED = (1, 10)
"""The training steps after which the two are compared while causes are looked for."""


@dataclass
class Explanation:
    """What was found about two implementations.

    ``stages`` are those of the two networks as their owners wrote them. ``causes`` come in the order
    of their effect; ``harmless`` differences change nothing. ``rest`` says what could not be
    explained; it is empty where all is.
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

    def to_json(self) -> str:
        """One JSON object; numbers that are not finite become null."""
        return to_json(cattrs.unstructure(self))


def search(pair: Pair, recipes: tuple[Recipe, Recipe], trial: Trial) -> Findings:
    """The causes of all that differs between two networks."""
    ours, theirs = pair.reference, pair.twin
    assert ours.weights is not None
    assert theirs.weights is not None
    reference = Subject.of(ours.graph, trial.weights, recipes[0])
    twin = Subject.of(theirs.graph, theirs.weights, recipes[1])
    referee = next(framework for framework in MODES if installed(framework))
    found = Search(reference, twin, pair.alignment, trial, referee)
    return found.run(interventions(pair.alignment, *recipes))


def described(cause: Intervention, outcome: Outcome, mended: Outcome, accepted: bool) -> Cause:
    """A cause, for a report."""
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
    stage = outcome.first
    if stage is None:
        return Effect(outcome.verdict, reason=outcome.reason)
    return Effect(outcome.verdict, stage.name, stage.ratio, stage.max_rel, outcome.reason)


def _place(reference: Node | None, twin: Node | None) -> str:
    sides = [
        f"{node.scope or node.name}" + (f" ({node.source})" if node.source else "")
        for node in (reference, twin)
        if node
    ]
    return " / ".join(sides)
