"""What is said to make a network smaller and faster: speed, size and accuracy, each technique by
itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import sqrt

from isograd.claims.forms import NOTHING, dense, from_forms, named, ran
from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.claims.speeds import TIMES, calls, label, speed
from isograd.claims.words import told
from isograd.compress.variants import treatment
from isograd.deploy.search import DENSE
from isograd.evidence import Evidence
from isograd.frontier import ALLOWED, Frontier, Point, Training
from isograd.measure.stats import SMALLEST

SMALLER = "× smaller"
POINTS = "points"
CURVES = "nats"

GAINS = (
    (TIMES, "Faster", "Not faster"),
    (SMALLER, "Smaller", "Not smaller"),
    (POINTS, "As accurate", "Less accurate"),
    (CURVES, "Trained alike", "Trained otherwise"),
)
"""A unit to what figures in it show, and to what they show where they speak against it."""

UNTREATED = (DENSE, "folded")
"""Variants of which nothing is taken out."""

PLAIN = {
    "torch/int8-dynamic": "torch/compile",
    "torch/int8-dynamic-fbgemm": "torch/torchscript",
    "torch/int8-static": "torch/compile",
    "torch/int8-qat": "torch/compile",
    "torch/onnx-int8-dynamic": "torch/onnx",
    "torch/onnx-int8-static": "torch/onnx",
    "tensorflow/keras-int8": "tensorflow/function",
    "tensorflow/litert-int8-dynamic": "tensorflow/litert",
    "tensorflow/litert-int8-static": "tensorflow/litert",
    "tensorflow/litert-int8-qat": "tensorflow/litert",
    "torch/bfloat16": "torch/eager",
    "tensorflow/bfloat16": "tensorflow/function",
}
"""A form in less precision to the one in float32 that differs from it in nothing else: what runs
it, and what compiles it, are the same."""

DEVIATIONS = 1.96
"""Of a normal distribution, around 95 % of it."""


def pruning_improves(evidence: Evidence) -> Outcome:
    """Pruned networks against the dense one, in the same float32 forms."""
    return _gained(*from_forms(evidence, _pruned))


def quantisation_improves(evidence: Evidence) -> Outcome:
    """Int8 against float32, with nothing else changed."""
    return _gained(*from_forms(evidence, _quantised))


def mixed_precision_improves(evidence: Evidence) -> Outcome:
    """Bfloat16 against float32: calls, and where they were measured, trainings. Parameters stay in
    float32, so that no file gets smaller."""
    return _gained(*from_forms(evidence, _mixed))


# Parts ----------------------------------------------------------------------------------------


def _gained(figures: Sequence[Figure], paths: Sequence[str]) -> Outcome:
    if not figures:
        return untested(NOTHING)
    sentences = (told([f for f in figures if f.unit == unit], *words) for unit, *words in GAINS)
    return judged(" ".join(filter(None, sentences)), figures, paths)


def _pruned(frontier: Frontier) -> Iterator[Figure]:
    for point in ran(frontier):
        if point.variant not in UNTREATED and point.precision == "float32":
            for figure in _gains(frontier, point, dense(point.candidate), _treated(point)):
                yield replace(figure, what=f"{point.variant}: {figure.what}")


def _quantised(frontier: Frontier) -> Iterator[Figure]:
    yield from _in_less_precision(frontier, "quantisation", sized=True)


def _mixed(frontier: Frontier) -> Iterator[Figure]:
    yield from _in_less_precision(frontier, "mixed precision", sized=False)
    for training in frontier.trainings:
        yield from _trained(training)


def _treated(point: Point) -> str:
    """``PyTorch structured``: the kind of pruning, whatever its amount."""
    return label(point.candidate.partition("/")[0], treatment(point.variant).kind)


def _in_less_precision(frontier: Frontier, technique: str, *, sized: bool) -> Iterator[Figure]:
    for point in ran(frontier):
        if point.technique == technique and point.variant == DENSE and point.candidate in PLAIN:
            plain = dense(PLAIN[point.candidate])
            yield from _gains(frontier, point, plain, named(point.candidate), sized=sized)


def _gains(
    frontier: Frontier, point: Point, against: str, subject: str, *, sized: bool = True
) -> Iterator[Figure]:
    """What a point has over another one; nothing where that was not measured."""
    plain = next((one for one in ran(frontier) if one.id == against), None)
    if plain is None:
        return
    yield from calls(frontier, point.id, against, subject)
    if sized and point.size and plain.size:
        times = plain.size / point.size
        vote: Vote = "for" if times > 1 + SMALLEST else "against"
        yield Figure(subject, f"files, against {plain.candidate}", vote, times, unit=SMALLER)
    if point.lost is not None and plain.lost is not None:
        lost = point.lost - plain.lost
        vote = _costs(frontier, point, lost)
        yield Figure(subject, f"accuracy lost, against {plain.candidate}", vote, lost, unit=POINTS)


def _costs(frontier: Frontier, point: Point, lost: float) -> Vote:
    """Accuracy that is kept is no gain, and none is asked for. What is lost beyond `ALLOWED` points
    speaks against it, if it is more than chance takes among the examples that are answered
    otherwise. Source: McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 1947."""
    examples = frontier.data.get("test")
    if lost <= ALLOWED:
        return ""
    if not isinstance(examples, int) or point.agreement is None:
        return "open"
    changed = (1 - point.agreement) * examples
    return "against" if lost / 100 * examples > DEVIATIONS * sqrt(changed) else "open"


def _trained(training: Training) -> Iterator[Figure]:
    """A training in less precision: its steps' speed, and whether it is still the same training."""
    subject = f"{label(training.framework, training.precision)}, training"
    where = f"{training.framework}/{training.mode}"
    if training.precision == "float32":
        return
    if training.status != "ok" or training.step is None:
        yield Figure(subject, f"a training step; {where}", "open", text=training.reason)
        return
    yield speed(training.step, subject, f"a training step, against float32; {where}")
    says: dict[str | None, Vote] = {"different": "against", "inconclusive": "open"}
    what = f"loss curve's distance from float32's; seeds differ by {training.seed_spread or 0:.2g}"
    yield Figure(subject, what, says.get(training.verdict, ""), training.deviation, unit=CURVES)
