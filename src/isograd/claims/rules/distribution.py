"""Training on several workers, in both frameworks."""

from __future__ import annotations

from collections.abc import Iterator

from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.evidence import Evidence
from isograd.measure.standing import NOISY
from isograd.measure.stats import SMALLEST
from isograd.notation import numbers
from isograd.notation.names import title
from isograd.scaling.record import EngineResult, Estimate, Scaling

OURS, THEIRS = "tensorflow", "torch"

LARGE = 8
"""Workers from which on anybody speaks of large: where the accelerators of one machine end."""


def scales_better(evidence: Evidence) -> Outcome:
    """Scaling efficiency of TensorFlow's best engine over that of PyTorch's, with each number of
    workers that both were measured with, and that has a processor for each."""
    for one in evidence.scalings:
        pairs = list(_pairs(one.record))
        if not pairs:
            continue
        figures = [_ratio(workers, ours, theirs) for workers, ours, theirs in pairs]
        figures += list(_each(one.record))
        most = max(workers for workers, _, _ in pairs)
        unclear = any(figure.vote == "open" for figure in figures)
        doubt = " The intervals are too wide to tell them apart." if unclear else ""
        result = f"{_in_words(pairs)}{doubt} What lies beyond {most} workers is not testable here."
        if most < LARGE:
            return untested(result, figures, [str(one.path)])
        return judged(result, figures, [str(one.path)])
    return untested("No result of isograd scale with both frameworks is there.")


def _pairs(scaling: Scaling) -> Iterator[tuple[int, Estimate, Estimate]]:
    """Workers, and the best efficiency of each framework."""
    counts = sorted({run.workers for engine in scaling.engines for run in engine.runs})
    for workers in counts:
        ours, theirs = (_best(scaling, framework, workers) for framework in (OURS, THEIRS))
        if workers > 1 and ours is not None and theirs is not None:
            yield workers, ours, theirs


def _best(scaling: Scaling, framework: str, workers: int) -> Estimate | None:
    own = [engine for engine in scaling.engines if engine.framework == framework]
    found = [one for engine in own if (one := _efficiency(engine, workers)) is not None]
    return max(found, key=lambda one: one.value, default=None)


def _efficiency(engine: EngineResult, workers: int) -> Estimate | None:
    run = engine.run(workers)
    return run.efficiency if run is not None and run.status == "ok" and not run.crowded else None


def _ratio(workers: int, ours: Estimate, theirs: Estimate) -> Figure:
    """The interval covers whatever both intervals allow."""
    low, high = ours.low / theirs.high, ours.high / theirs.low
    vote: Vote = "open"
    if low > 1 + SMALLEST:
        vote = "for"
    elif high < 1 / (1 + SMALLEST) or (low >= 1 / (1 + NOISY) and high <= 1 + NOISY):
        vote = "against"
    what = f"efficiency with {workers} workers, over {title(THEIRS)}'s"
    return Figure(title(OURS), what, vote, ours.value / theirs.value, low, high, "×")


def _each(scaling: Scaling) -> Iterator[Figure]:
    """What each engine reached, and whether it still trained the same."""
    for engine in scaling.engines:
        for run in engine.runs:
            subject = f"{title(engine.framework)} {engine.name}"
            if run.status != "ok":
                what = f"{run.workers} workers"
                yield Figure(subject, what, text=f"{run.status}. {run.reason}")
                continue
            if run.efficiency and run.workers > 1:
                crowded = ", more than there are processors" if run.crowded else ""
                what = f"efficiency with {run.workers} workers{crowded}"
                one = run.efficiency
                yield Figure(subject, what, "", one.value, one.low, one.high, "share")
            if run.trajectory:
                what = f"training with {run.workers} workers, against one"
                yield Figure(subject, what, text=run.trajectory.verdict)


def _in_words(pairs: list[tuple[int, Estimate, Estimate]]) -> str:
    said = (
        f"with {workers} workers TensorFlow reaches {numbers.percent(ours.value)} of its ideal "
        f"speed, PyTorch {numbers.percent(theirs.value)}"
        for workers, ours, theirs in pairs
    )
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."
