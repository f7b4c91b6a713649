"""A machine on which everything was measured, made up: PyTorch is quicker to train eagerly and as
ONNX, TensorFlow as a whole graph, and LiteRT is the smallest."""

from __future__ import annotations

from dataclasses import replace

from points import frontier, point

from isograd.advise.measured import Debugged, Figure, Measured, Scaled, Trained
from isograd.deploy.candidates import CANDIDATES
from isograd.frontier import Frontier, Point

STEPS_US = {
    "torch/eager": (400.0, 0.005),
    "torch/compile": (300.0, 30.0),
    "tensorflow/eager": (2400.0, 0.2),
    "tensorflow/function": (450.0, 1.0),
}
"""Mode to the time of a step and of the first call in seconds."""

FORMS = {
    "dense/torch/onnx": (0.4, 400_000, 0.0),
    "dense/torch/aot-inductor": (0.35, 1_900_000, 0.0),
    "dense/tensorflow/litert": (0.5, 395_000, 0.0),
    "dense/tensorflow/litert-int8-static": (0.42, 105_000, 0.1),
    "dense/tensorflow/saved-model": (3.0, 500_000, 0.0),
}
"""Form to the time of a call over the baseline's, bytes, and points lost."""


RUNTIMES = {candidate.id: candidate.runtime for candidate in CANDIDATES}


def trained(**faster: float) -> tuple[Trained, ...]:
    """Every mode; ``tensorflow_function=2`` is twice as fast."""
    found = []
    for label, (us, first) in STEPS_US.items():
        framework, _, mode = label.partition("/")
        seconds = us / 1e6 / faster.get(f"{framework}_{mode}", 1.0)
        step = Figure(
            f"step {label}", seconds, 0.99 * seconds, 1.01 * seconds, "a step", "a/result.json"
        )
        found.append(Trained(framework, mode, step, first))
    return tuple(found)


def shipped() -> Frontier:
    """Every form; the baseline's call takes 1 ms."""
    forms: list[Point] = [point(verdict="equivalent")]
    for id, (ratio, size, lost) in FORMS.items():
        runtime = RUNTIMES[id.partition("/")[2]]
        forms.append(point(id, ratio=ratio, size=size, quality=0.975 - lost / 100, runtime=runtime))
        forms[-1].lost = lost
    return frontier(*forms)


def debugged() -> tuple[Debugged, ...]:
    """Eager modes answer all ten questions, graphs four."""
    return tuple(
        Debugged(
            *label.split("/"),
            yes=10.0 if label.endswith("eager") else 4.0,
            asked=10,
            noes=() if label.endswith("eager") else ("print",),
            source="a/probes.json",
        )
        for label in STEPS_US
    )


def scaled(torch: float = 0.9, tensorflow: float = 0.6) -> tuple[Scaled, ...]:
    """The efficiency of two workers."""
    pairs = {"torch": torch, "tensorflow": tensorflow}
    return tuple(
        Scaled(f, 2, Figure(f"efficiency {f}", e, 0.97 * e, 1.03 * e, "", "a/scaling.json"))
        for f, e in pairs.items()
    )


def measured(**changes: object) -> Measured:
    """All of it."""
    usual = Measured(
        trained=trained(),
        shipped=shipped(),
        shipped_source="a/frontier.json",
        debugged=debugged(),
        scaled=scaled(),
        noise=0.01,
    )
    return replace(usual, **changes)
