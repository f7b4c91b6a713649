"""The answer in a few sentences. Every report opens with the same one.

The rules: a network is called equivalent only if no mode says otherwise; a mode competes only if it
was measured *and* proven equivalent; a winner is named only if the fairness gate passed and the
winner is measurably faster than every other mode of its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from isograd.measure.standing import Standing, between, standing
from isograd.notation import numbers
from isograd.notation.names import enumeration, full_name, title
from isograd.result import Check, Mode, Proof, Result, Stage, Verdict

GRAVITY: tuple[Verdict, ...] = ("equivalent", "inconclusive", "unsupported", "different")
"""Verdicts, the most serious last."""

HEADLINES = {
    "equivalent": "The same network",
    "different": "Not the same network in every mode",
    "inconclusive": "Not proven to be the same network",
    "unsupported": "Not proven to be the same network",
}


@dataclass(frozen=True)
class Answer:
    """``headline`` is the whole answer in a few words, ``verdict`` is of the proof over all modes.
    ``proof`` and ``overall`` are sentences; ``frameworks`` holds one for each framework with more
    than one mode in the race, if there are several frameworks. ``winner`` is the fastest mode of
    all, or None when nobody may be named. ``partial`` says why a run is not complete, and is empty
    when it is."""

    headline: str
    verdict: Verdict | None
    proof: str
    overall: str
    frameworks: tuple[str, ...]
    winner: Mode | None
    partial: str


def answer(result: Result) -> Answer:
    """What a result comes to."""
    proofs = {mode.label: mode.proof for mode in result.modes if mode.proof}
    verdict = overall_verdict(result)
    proof = proof_sentence(verdict, proofs, len(result.modes), result.reference)
    partial = ""
    if result.status == "partial":
        partial = result.reason or "The run ended before everything was measured."
    stop = _no_race(result)
    if stop:
        return Answer(_headline(result, verdict, None), verdict, proof, stop, (), None, partial)
    competitors = racing(result.modes)
    overall = standing(result, competitors)
    winner = overall.leaders[0] if overall.decided else None
    return Answer(
        _headline(result, verdict, overall),
        verdict,
        proof,
        _overall_sentence(result, overall),
        tuple(_framework_sentences(result, competitors)),
        winner,
        partial,
    )


def overall_verdict(result: Result) -> Verdict | None:
    """The most serious verdict of the result and its modes; None when nothing was proven."""
    return gravest([result.verdict, *(mode.verdict for mode in result.modes)])


def gravest(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The most serious of some verdicts; None if there are none."""
    return max((v for v in verdicts if v), key=GRAVITY.index, default=None)


def racing(modes: Sequence[Mode]) -> list[Mode]:
    """The modes that were measured and proven equivalent."""
    measured = [m for m in modes if m.status == "ok" and m.step_us and m.step_us.median > 0]
    return [mode for mode in measured if mode.verdict == "equivalent"]


def failed_checks(result: Result) -> list[Check]:
    """The conditions of the fairness gate that do not hold."""
    return [check for check in result.fairness if not check.passed]


def first_failure(proof: Proof) -> Stage | None:
    """The first stage that is not equivalent: where the search for the reason starts."""
    return next((stage for stage in proof.stages if stage.verdict != "equivalent"), None)


def proof_sentence(
    verdict: Verdict | None, proofs: Mapping[str, Proof], modes: int, reference: str = ""
) -> str:
    """The verdict over all modes, and where the first failure is. ``modes`` is how many were asked
    for, so that those never proven are not passed over."""
    if verdict is None or not proofs:
        return "Nothing was proven."
    if verdict == "equivalent":
        which = f"all {modes} modes" if len(proofs) == modes else f"{len(proofs)} of {modes} modes"
        which = which if modes > 1 else "the one mode asked for"
        parameters = next(iter(proofs.values())).parameters
        return (
            f"Equivalent: proven in {which}, with {numbers.count(parameters)} parameters each, "
            "down to the gradients and the optimizer's steps."
        )
    guilty = {label: proof for label, proof in proofs.items() if proof.verdict == verdict}
    if not guilty:
        return f"{verdict.capitalize()}: see the stages of each mode."
    label, proof = next(iter(guilty.items()))
    rest = f" ({len(guilty)} of {modes} modes)" if len(guilty) > 1 else ""
    against = f" from {reference}" if reference and verdict == "different" else ""
    stage = first_failure(proof)
    return f"{verdict.capitalize()}{against}: {label}{rest}{_stage_clause(stage)}."


def _stage_clause(stage: Stage | None) -> str:
    if stage is None:
        return ""
    size = ""
    if stage.envelope > 0:
        size = f" by {numbers.multiple(stage.ratio)} the rounding envelope"
    at = f" at {stage.worst}" if stage.worst else ""
    return f", first in stage {stage.name}{at}{size}"


def _headline(result: Result, verdict: Verdict | None, overall: Standing | None) -> str:
    network = HEADLINES.get(verdict or "", "Nothing is proven")
    proven = sum(mode.verdict == "equivalent" for mode in result.modes)
    if verdict == "equivalent" and proven < len(result.modes):
        network = f"{network} in {proven} of {len(result.modes)} modes"
    so_far = "So far: " if result.status == "partial" else ""
    return f"{so_far}{network}. {_speed_headline(verdict, overall)}"


def _speed_headline(verdict: Verdict | None, overall: Standing | None) -> str:
    if overall is None:
        return "No winner is named."
    if not overall.decided:
        tie = "No measurable difference" if overall.tied else "Nothing conclusive"
        return f"{tie} between the fastest."
    name = full_name(overall.leaders[0])
    if verdict == "equivalent":
        return f"{name} trains it fastest."
    return f"Of those that are proven, {name} is fastest."


def _no_race(result: Result) -> str:
    """Why no mode may be called the fastest; empty if one may."""
    failed = failed_checks(result)
    if failed:
        checks = "; ".join(f"{check.name}: {check.detail}" for check in failed)
        return f"No winner is named, because the comparison is not fair ({checks})."
    if not result.fairness:
        return "No winner is named, because fairness was not checked."
    competitors = racing(result.modes)
    if not competitors:
        return "No winner is named, because no mode was both measured and proven equivalent."
    if len(competitors) == 1:
        return f"Nothing to compare: only {full_name(competitors[0])} was measured and proven."
    return ""


def _overall_sentence(result: Result, overall: Standing) -> str:
    best = overall.leaders[0]
    so_far = " so far" if result.status == "partial" else ""
    if not overall.decided:
        return _tie_sentence(overall, f"the fastest modes{so_far}")
    rivals = [m for m in overall.others if m.framework != best.framework] or overall.others
    return f"Fastest{so_far}: {full_name(best)}, {_lead(result, best, rivals[0])}."


def _framework_sentences(result: Result, competitors: Sequence[Mode]) -> list[str]:
    """None when there is only one framework: the overall sentence has said it."""
    frameworks = list(dict.fromkeys(mode.framework for mode in competitors))
    sentences = []
    for framework in frameworks if len(frameworks) > 1 else []:
        own = [mode for mode in competitors if mode.framework == framework]
        if len(own) < 2:
            continue
        place = standing(result, own)
        name = title(framework)
        if place.decided:
            lead = _lead(result, place.leaders[0], place.others[0])
            sentences.append(f"In {name}: {place.leaders[0].mode} is fastest, {lead}.")
        else:
            sentences.append(f"In {name}: {_tie_sentence(place, 'its fastest modes', short=True)}")
    return sentences


def _lead(result: Result, best: Mode, rival: Mode) -> str:
    """``412 µs [410–415] a step, 1.43× [1.41–1.45] as fast as PyTorch jit``."""
    step = " ".join(numbers.time_range(best.step_us))
    found = between(result, rival.label, best.label)
    name = rival.mode if rival.framework == best.framework else full_name(rival)
    assert found is not None, "a decided standing has a comparison for every pair"
    ratio = " ".join(numbers.ratio_range(found.ratio, found.low, found.high))
    return f"{step} a step, {ratio} as fast as {name}"


def _tie_sentence(place: Standing, what: str, short: bool = False) -> str:
    names = enumeration((m.mode if short else full_name(m)) for m in place.leaders)
    kind = "no measurable difference" if place.tied else "inconclusive"
    text = f"{kind} between {what}: {names}."
    return text if short else text[0].upper() + text[1:]
