"""A proof: the reference's observations and envelope once, then one verdict per stage and side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from isograd.frameworks.side import Side
from isograd.ir.mapping import Arrays
from isograd.proof.derivatives import DirectionalCheck, directional_check
from isograd.proof.judge import idle, judge, judge_float32, worst
from isograd.proof.observe import GRADIENT, Observation, is_slot, observe
from isograd.proof.trial import Trial
from isograd.result import Proof, Stage, Verdict

DISTURBANCES = 4
"""How many disturbed runs of the reference the envelope is measured from."""

STAGES = ("structure", "forward", "train-forward", "loss", "gradients", "optimizer", "float32")
"""The stages of a proof, in order."""

FLOAT32_STEPS = 1
"""How many training steps float32 is held to float64 for; later on, rounding has been amplified by
the training itself, which the training curves are there to judge."""


@dataclass(frozen=True)
class Baseline:
    """What twins are held against: the reference in both precisions, as it is and disturbed."""

    trial: Trial
    exact: Observation
    disturbed: tuple[Observation, ...]
    single: tuple[Observation, ...]
    slope: DirectionalCheck

    @property
    def idle(self) -> tuple[str, ...]:
        """Parameters that have no gradient; the gradient stage has shown that there is nothing
        else to their steps than rounding."""
        gradients = self.exact["gradients"]
        return tuple(tensor.removeprefix(GRADIENT) for tensor in idle(gradients))


def establish(double: Side, single: Side, trial: Trial) -> Baseline:
    """Observes the reference in float64 and float32, and measures its rounding envelope."""
    seeds = range(1, DISTURBANCES + 1)
    return Baseline(
        trial=trial,
        exact=observe(double, trial),
        disturbed=tuple(observe(double, trial.disturbed(seed)) for seed in seeds),
        single=(
            observe(single, trial),
            *(observe(single, trial.disturbed(seed, "float32")) for seed in seeds),
        ),
        slope=directional_check(double, trial),
    )


@dataclass(frozen=True)
class Evidence:
    """What one side did at the trial's points; judged against a `Baseline` later. ``without`` are
    constants of the reference that the side does without."""

    exact: Observation
    single: Observation
    shapes: dict[str, tuple[int, ...]]
    slope: DirectionalCheck
    parameters: int
    without: frozenset[str] = frozenset()


def gather(double: Side, single: Side, trial: Trial) -> Evidence:
    """Runs every stage on one side, given in both precisions."""
    return Evidence(
        exact=observe(double, trial),
        single=observe(single, trial),
        shapes={name: array.shape for name, array in double.get_state().items()},
        slope=directional_check(double, trial),
        parameters=double.graph.count_parameters(),
    )


def prove_side(baseline: Baseline, double: Side, single: Side) -> Proof:
    """All stages for one side, given in both precisions."""
    return judge_evidence(baseline, gather(double, single, baseline.trial))


def judge_evidence(baseline: Baseline, evidence: Evidence) -> Proof:
    """A verdict for every stage. A failed stage stops nothing."""
    found = evidence.exact
    baseline = _reduced(baseline, evidence.without)
    stages = [_structure(baseline, evidence.shapes)]
    for name in STAGES[1:-1]:
        disturbed = [other[name] for other in baseline.disturbed]
        expected = _visible(baseline.exact[name], found[name])
        stage = judge(name, _active(baseline, expected), _active(baseline, found[name]), disturbed)
        if name == "optimizer" and baseline.idle:
            stage.detail += f"; set aside, for want of a gradient: {', '.join(baseline.idle)}"
        stages.append(stage)
    _check_slopes(stages[STAGES.index("gradients")], baseline.slope, evidence.slope)
    stages.append(_single_precision(baseline, evidence.single))
    verdict = worst([stage.verdict for stage in stages])
    return Proof(verdict, stages, evidence.parameters)


def _reduced(baseline: Baseline, without: frozenset[str]) -> Baseline:
    """The baseline as if the reference had some constants not."""

    def reduced(observation: Observation) -> Observation:
        return {
            stage: {
                name: array
                for name, array in arrays.items()
                if name.split(" after step ")[0] not in without
            }
            for stage, arrays in observation.items()
        }

    if not without:
        return baseline
    weights = {n: a for n, a in baseline.trial.weights.items() if n not in without}
    return replace(
        baseline,
        trial=replace(baseline.trial, weights=weights),
        exact=reduced(baseline.exact),
        disturbed=tuple(map(reduced, baseline.disturbed)),
        single=tuple(map(reduced, baseline.single)),
    )


def _structure(baseline: Baseline, found: dict[str, tuple[int, ...]]) -> Stage:
    """The mapping is a bijection onto what the side really holds, shape by shape."""
    expected = {name: array.shape for name, array in baseline.trial.weights.items()}
    wrong = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
    verdict: Verdict = "different" if wrong else "equivalent"
    detail = (
        f"{wrong[0]}: {expected.get(wrong[0])} against {found.get(wrong[0])}"
        if wrong
        else f"{len(expected)} tensors, one to one"
    )
    size = float(len(wrong))
    return Stage("structure", verdict, size, size, 0.0, size, wrong[0] if wrong else "", detail)


def _visible(reference: Arrays, twin: Arrays) -> Arrays:
    """The reference's tensors, without optimizer slots if the twin's optimizer hides its own."""
    if any(is_slot(name) for name in twin):
        return reference
    return {name: array for name, array in reference.items() if not is_slot(name)}


def _check_slopes(stage: Stage, reference: DirectionalCheck, twin: DirectionalCheck) -> None:
    """Adds the finite-difference checks of both sides' gradients to the gradient stage: they tell
    whose gradients are wrong."""
    if not twin.agrees:
        stage.verdict = "different"
        stage.detail = _contradiction("" if reference.agrees else "on both sides ", twin)
    elif not reference.agrees:
        stage.detail = _contradiction("in the reference, but not in the twin, ", reference)
    else:
        stage.detail += f"; finite differences agree to {twin.relative_error:.0e}"


def _contradiction(where: str, check: DirectionalCheck) -> str:
    return (
        f"{where}automatic differentiation gives the slope {check.automatic:.9g}, "
        f"finite differences of the loss {check.finite_difference:.9g}"
    )


def _single_precision(baseline: Baseline, found: Observation) -> Stage:
    late = tuple(f"after step {s}" for s in baseline.trial.recorded if s > FLOAT32_STEPS)
    exact, twin = _early(baseline.exact, late), _early(found, late)
    runs = [_early(run, late) for run in baseline.single]
    expected = _active(baseline, _visible(exact, twin))
    return judge_float32(expected, runs, _active(baseline, twin))


def _active(baseline: Baseline, arrays: Arrays) -> Arrays:
    """The tensors without what the optimizer made of idle parameters."""
    idle = baseline.idle
    return {name: array for name, array in arrays.items() if _owner(name) not in idle}


def _owner(tensor: str) -> str | None:
    """The parameter that an optimizer's tensor belongs to; None for tensors of other stages."""
    name, after, _ = tensor.removeprefix("optimizer: ").partition(" after step ")
    return name.split(" of ")[-1] if after else None


def _early(observation: Observation, late: tuple[str, ...]) -> Arrays:
    """All tensors of an observation in one dictionary, without the late steps of the optimizer."""
    return {
        f"{stage}: {name}": array
        for stage, arrays in observation.items()
        for name, array in arrays.items()
        if not name.endswith(late)
    }
