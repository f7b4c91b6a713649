"""Which of all that differs are the causes: found by making them like the reference's.

With everything mended, the twin must do as the reference does. What can be left as it is in the
twin, and it still does, is no cause. What is left then are the causes: with any one of them in the
twin, it is another network. That is the evidence; there is no guess in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from isograd.causes.interventions import Intervention
from isograd.causes.subject import Subject, observe_subject
from isograd.explanation import NOT_MEASURED, NOT_SEEN
from isograd.ir.alignment import Alignment
from isograd.ir.blend import blend
from isograd.proof.judge import SEVERITY, judge, worst
from isograd.proof.observe import Observation
from isograd.proof.trial import Trial
from isograd.result import Stage, Verdict

STAGES = ("forward", "train-forward", "loss", "gradients", "optimizer")
"""What subjects are compared in, in order."""

WEIGHTS = {"forward": 2, "train-forward": 2, "loss": 2, "gradients": 1, "optimizer": 0}
"""What a difference in a stage weighs."""

DISTURBANCES = 2
"""How many disturbed runs of the reference the envelope is measured from."""

MOST_PAIRED = 8
"""Up to so many causes it is tried whether two of them cancel."""


@dataclass(frozen=True)
class Outcome:
    """How a twin compares with the reference; ``reason`` says why it could not be run, and
    ``unseen`` is the verdict then."""

    stages: tuple[Stage, ...]
    reason: str = ""
    unseen: Verdict = "different"

    @property
    def verdict(self) -> Verdict:
        return self.unseen if self.reason else worst([stage.verdict for stage in self.stages])

    @property
    def first(self) -> Stage | None:
        """The first stage in which the two are not the same."""
        return next((s for s in self.stages if s.verdict != "equivalent"), None)

    @property
    def effect(self) -> tuple[int, int, float]:
        """The larger, the graver: by verdict; then what shows in outputs and loss before what shows
        in gradients or in the optimizer's steps only, which make much of little; then by the
        largest deviation relative to scale."""
        if self.reason:
            return SEVERITY["different"], len(WEIGHTS), float("inf")
        wrong = [stage for stage in self.stages if stage.verdict == self.verdict]
        weight = max((WEIGHTS[stage.name] for stage in wrong), default=0)
        heaviest = (stage.max_rel for stage in wrong if WEIGHTS[stage.name] == weight)
        return SEVERITY[self.verdict], weight, max(heaviest, default=0.0)


UNMEASURED = Outcome((), NOT_MEASURED)
"""Of what says how a training goes on: two trainings that differ in it are different."""

UNSEEN = Outcome((), NOT_SEEN, "inconclusive")
"""Of what may have one elsewhere."""


@dataclass
class Findings:
    """``mended`` is the twin with everything made like the reference's, ``untouched`` the twin as
    it is. ``causes`` come in the order of their effect, each with the outcome of leaving it alone
    in the twin; then come those that have no effect here, but elsewhere. ``harmless`` differences
    change nothing, and what ``unclear`` ones change cannot be told from rounding."""

    untouched: Outcome
    mended: Outcome
    causes: list[tuple[Intervention, Outcome]] = field(default_factory=list)
    harmless: list[Intervention] = field(default_factory=list)
    unclear: list[Intervention] = field(default_factory=list)


class Search:
    """Two subjects, aligned, at a trial's points; run in ``framework``, the referee."""

    def __init__(
        self,
        reference: Subject,
        twin: Subject,
        alignment: Alignment,
        trial: Trial,
        framework: str,
        idle: Collection[str] = (),
    ) -> None:
        """``idle`` are parameters whose gradient is rounding alone, see `Baseline.idle`."""
        self.reference, self.twin = reference, twin
        self.alignment, self.trial, self.framework = alignment, trial, framework
        self.idle = idle
        self._known: dict[tuple[int, ...], Outcome] = {}
        seeds = range(1, DISTURBANCES + 1)
        self.exact = self._observe(reference, trial)
        self.disturbed = [self._observe(reference, trial.disturbed(seed)) for seed in seeds]

    def run(self, differing: Sequence[Intervention]) -> Findings:
        """The causes among all that differs."""
        shown = [one for one in differing if not one.is_course]
        found = Findings(self.outcome([]), self.outcome(shown))
        kept = shown
        if found.untouched.verdict == "equivalent":
            kept = []
        elif found.mended.verdict == "equivalent":
            kept = self._needed(list(shown))
        outcomes = [(one, self.outcome([o for o in kept if o is not one])) for one in kept]
        found.causes = [pair for pair in outcomes if pair[1].verdict == "different"]
        found.unclear = [one for one, outcome in outcomes if outcome.verdict != "different"]
        found.causes.sort(key=lambda cause: cause[1].effect, reverse=True)
        rest = [one for one in shown if one not in kept]
        found.harmless = [one for one in rest if one.may_be_harmless]
        found.causes += [(one, UNSEEN) for one in rest if not one.may_be_harmless]
        course = [one for one in differing if one.is_course]
        found.causes += [(one, UNSEEN if one.is_unread else UNMEASURED) for one in course]
        return found

    def _needed(self, kept: list[Intervention]) -> list[Intervention]:
        """The fewest interventions with which the twin still does as the reference does, as far as
        leaving out one by one, and then two by two, tells."""
        for count in (1, 2):
            if count == 2 and len(kept) > MOST_PAIRED:
                break
            for group in combinations(tuple(kept), count):
                rest = [one for one in kept if one not in group]
                if len(rest) < len(kept) and self.outcome(rest).verdict == "equivalent":
                    kept = rest
        return kept

    def outcome(self, mended: Sequence[Intervention]) -> Outcome:
        """How the twin compares with the reference where these differences are mended."""
        key = tuple(sorted(map(id, mended)))
        if key not in self._known:
            self._known[key] = self._outcome(mended)
        return self._known[key]

    def _outcome(self, mended: Sequence[Intervention]) -> Outcome:
        try:
            observed = self._observe(self.blended(mended), self.trial)
        except ValueError as error:
            return Outcome((), str(error))
        return Outcome(tuple(self._judged(name, observed) for name in STAGES))

    def _judged(self, name: str, observed: Observation) -> Stage:
        """What only one side has is a matter of the structure, and is left out here."""
        twin = observed[name]
        expected = {n: a for n, a in self.exact[name].items() if n in twin}
        if name == "optimizer":
            moved = {n: n.split(" after step ")[0] for n in expected}
            expected = {n: a for n, a in expected.items() if moved[n] not in self.idle}
        common = {n: a for n, a in twin.items() if n in expected}
        return judge(name, expected, common, [other[name] for other in self.disturbed])

    def blended(self, mended: Sequence[Intervention]) -> Subject:
        """The twin with these differences mended."""
        places = [place for one in mended for place in one.places]
        found = blend(self.reference.graph, self.twin.graph, self.alignment, places)
        recipe = self.twin.recipe
        for one in mended:
            for difference in one.fields:
                recipe = difference.apply(recipe)
        recipe = recipe.renamed(found.parameters)
        weights = found.weights(self.reference.weights, self.twin.weights)
        turns = self.alignment.turns
        return Subject(
            found.graph,
            weights,
            recipe,
            found.parameters,
            found.values,
            self.reference.inputs,
            {name: turn for name, turn in turns.items() if name not in found.mended},
        )

    def _observe(self, subject: Subject, trial: Trial) -> Observation:
        return observe_subject(subject, trial, self.framework)
