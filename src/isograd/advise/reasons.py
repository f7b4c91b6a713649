"""What speaks for and against an option, in points; each reason names its measurement."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from isograd.advice import Reason
from isograd.advise.facts import on_hardware
from isograd.advise.measured import Figure, Measured, Trained, latency
from isograd.advise.profile import Profile, Weights
from isograd.frontier import Point
from isograd.notation import numbers
from isograd.notation.names import title

DEBUGGING = {"low": 0.0, "some": 0.5, "high": 1.0}
"""How much of what a mode loses by its debugging counts."""

SAVED_BY = {
    "torch/eager": "torch/eager",
    "torch/torchscript": "torch/jit",
    "torch/torchscript-optimized": "torch/jit",
    "torch/aot-inductor": "torch/compile",
    "tensorflow/eager": "tensorflow/eager",
    "tensorflow/saved-model": "tensorflow/function",
}
"""Forms, with the mode that saves a network like that."""

WITHOUT_PYTHON = {
    "yes": "a program without Python runs this form",
    "partly": "a program in another language runs this form, but loads Python",
    "no": "this form runs in Python alone",
}
"""What the answers of `isograd probe` come to."""


@dataclass(frozen=True)
class Option:
    """A way to train, and what to ship."""

    trained: Trained
    form: Point | None

    @property
    def form_framework(self) -> str:
        """Who builds what is shipped."""
        return self.form.candidate.partition("/")[0] if self.form else self.trained.framework


@dataclass(frozen=True)
class Best:
    """The best figure of all options in each respect: what the others are held against."""

    run_s: float
    latency_ms: float
    size: float

    @classmethod
    def of(cls, options: list[Option], profile: Profile) -> Best:
        """Raises `ValueError` without options."""
        return cls(
            min(run_time(one.trained, profile.steps) for one in options),
            min((_ms(one.form, profile) for one in options if one.form), default=math.inf),
            min((one.form.size or math.inf for one in options if one.form), default=math.inf),
        )


def _ms(form: Point, profile: Profile) -> float:
    figure = latency(form, profile.batch, "")
    return figure.value if figure else math.inf


def run_time(trained: Trained, steps: int) -> float:
    """Seconds of a training with its first call, which traces or compiles."""
    assert trained.step is not None
    return trained.first_call_s + steps * trained.step.value


def reasons(option: Option, profile: Profile, measured: Measured, best: Best) -> list[Reason]:
    """All of them, the weightiest first. A respect without any weight is left out."""
    weights = profile.weighing
    found = [
        *_run(option.trained, profile, measured, best, weights.run),
        *_shipped(option, profile, measured, best, weights),
        *_python(option, measured),
        *_debugging(option.trained, profile, measured, weights.debugging),
        *_yours(option, profile, weights),
        *_scaling(option.trained, profile, measured, weights.scaling),
        *_hardware(option.trained, profile),
    ]
    return sorted(found, key=lambda reason: -abs(reason.points))


def _held(respect: str, figure: Figure, value: float, best: float, weight: float) -> Reason:
    """A figure of which less is better, against the best one."""
    points = -weight * math.log2(value / best)
    return Reason(
        respect,
        "measured",
        points,
        figure.words,
        figure.source,
        figure.id,
        weight,
        weight * figure.spread,
    )


def _run(
    trained: Trained, profile: Profile, measured: Measured, best: Best, weight: float
) -> Iterator[Reason]:
    """Nothing where it was measured on other hardware: that says nothing about this one."""
    assert trained.step is not None
    if not weight or not measured.on(profile.hardware):
        return
    total = run_time(trained, profile.steps)
    part = profile.steps * trained.step.value / total  # the rest is the first call
    reason = _held("time of a training", trained.step, total, best.run_s, weight)
    reason.spread *= part
    step = numbers.time(trained.step.value * 1e6)
    reason.words = (
        f"{profile.steps:,} steps take {numbers.seconds(total)}: {step} each, and "
        f"{numbers.seconds(trained.first_call_s)} for the first call"
    )
    yield reason


def _shipped(
    option: Option, profile: Profile, measured: Measured, best: Best, weights: Weights
) -> Iterator[Reason]:
    if option.form is None:
        return
    form, source = option.form, measured.shipped_source
    figure = latency(form, profile.batch, source)
    if figure and weights.latency:
        reason = _held("latency", figure, figure.value, best.latency_ms, weights.latency)
        reason.words = f"{figure.words} takes {numbers.time(figure.value * 1e3)} as {form.id}"
        yield reason
    if form.size and weights.size:
        points = -weights.size * math.log2(form.size / best.size)
        words = f"{numbers.size(form.size)} to ship"
        yield Reason("size", "measured", points, words, source, f"size {form.id}", weights.size)
    if option.form_framework != option.trained.framework and weights.two:
        words = (
            f"trained in {title(option.trained.framework)}, shipped from "
            f"{title(option.form_framework)}: two frameworks to keep, with twins proven equal"
        )
        yield Reason("two frameworks", "yours", -weights.two, words)


def _python(option: Option, measured: Measured) -> Iterator[Reason]:
    """To know, not to count: whether it matters depends on what the network becomes a part of."""
    mode = SAVED_BY.get(option.form.candidate, "") if option.form else ""
    answer = measured.without_python.get(mode)
    if answer:
        words, source = WITHOUT_PYTHON[answer], measured.without_python_source
        yield Reason("Python", "measured", 0.0, words, source)


def _debugging(
    trained: Trained, profile: Profile, measured: Measured, weight: float
) -> Iterator[Reason]:
    found = measured.debugging(trained.label)
    amount = DEBUGGING[profile.debugging] * weight
    if found is None or not amount or not found.asked:
        return
    words = f"{found.yes:g} of {found.asked} debugging questions are answered with yes"
    if found.noes:
        words += f"; not: {', '.join(found.noes[:4])}{' ...' if len(found.noes) > 4 else ''}"
    points = -amount * (1.0 - found.yes / found.asked)
    yield Reason("debugging", "measured", points, words, found.source)


def _yours(option: Option, profile: Profile, weights: Weights) -> Iterator[Reason]:
    framework = option.trained.framework
    if profile.team in ("torch", "tensorflow") and weights.team:
        knows = profile.team == framework
        words = f"the team {'knows' if knows else 'does not know'} {title(framework)}"
        yield Reason("team", "yours", 0.0 if knows else -weights.team, words)
    if profile.code in ("torch", "tensorflow") and weights.code:
        there = profile.code == framework
        words = (
            f"the code is written in {title(framework)}"
            if there
            else f"the code is to be moved from {title(profile.code)}: isograd convert, with proof"
        )
        yield Reason("code", "yours", 0.0 if there else -weights.code, words)


def _scaling(
    trained: Trained, profile: Profile, measured: Measured, weight: float
) -> Iterator[Reason]:
    found = measured.scaling(trained.framework, profile.workers)
    if profile.workers < 2 or found is None or not weight:
        return
    figure = found.efficiency
    words = f"{found.workers} workers have an efficiency of {numbers.percent(figure.value)}"
    if found.workers != profile.workers:
        words += f" ({profile.workers} were not measured)"
    points = weight * math.log2(min(max(figure.value, 1e-3), 1.0))
    spread = weight * figure.spread
    yield Reason("scaling", "measured", points, words, figure.source, figure.id, weight, spread)


def _hardware(trained: Trained, profile: Profile) -> Iterator[Reason]:
    fact = on_hardware(trained.framework, profile.hardware)
    if fact:
        words = f"{fact.text} (looked up {fact.date})"
        yield Reason("hardware", "looked up", 0.0, words, fact.source)
