"""Curves of a pretraining or fine-tuning: the losses of every step, and how far they are apart."""

from __future__ import annotations

import dataclasses

from isograd.notation.names import Look, full_name, looks
from isograd.report import charts
from isograd.result import WITHIN
from isograd.tuning import Method, Tuning

ENVELOPE = "envelope"
"""The label of the line that is no mode."""


def series(method: Method) -> dict[str, Look]:
    """Label to look, of the modes and of the envelope."""
    return {**looks(method.modes), ENVELOPE: Look("green", 2)}


def of_method(found: Tuning, method: Method) -> list[charts.Chart]:
    """The losses, their distance from the reference's beside what rounding does, and quality."""
    losses = charts.by_step(
        "Loss by step",
        "loss",
        [
            (m.label, full_name(m), [t.loss for t in method.of(m.label) if t.loss])
            for m in method.modes
        ],
    )
    tracks = [
        (course.mode, _name(method, course.mode), [course.deviation]) for course in method.courses
    ]
    if tracks:
        allowed = [WITHIN * value for value in method.courses[0].envelope]
        tracks.append((ENVELOPE, f"{WITHIN:g}× the rounding envelope", [allowed]))
    apart = charts.distance_by_step("Distance from the reference", "difference in loss", tracks)
    return [chart for chart in (losses, apart, _quality(found, method)) if chart]


def _quality(found: Tuning, method: Method) -> charts.Chart | None:
    """Accuracy after each epoch, where there are several."""
    tracks = [
        (m.label, full_name(m), [t.quality for t in method.of(m.label) if t.quality])
        for m in method.modes
    ]
    if found.kind == "pretraining" or max((len(q) for *_, r in tracks for q in r), default=0) < 2:
        return None
    chart = charts.by_step("Accuracy by epoch", "accuracy", tracks)
    if chart is None:
        return None
    return dataclasses.replace(chart, x=dataclasses.replace(chart.x, title="epoch"))


def _name(method: Method, label: str) -> str:
    return next((full_name(mode) for mode in method.modes if mode.label == label), label)
