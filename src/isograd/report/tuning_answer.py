"""What a pretraining or fine-tuning comes to, in sentences. Page and terminal say the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean

from isograd.notation import numbers
from isograd.notation.names import enumeration, full_name
from isograd.result import WITHIN, Comparison, Mode
from isograd.tuning import Course, Method, Tuning


@dataclass(frozen=True)
class Row:
    """One method in one mode, as tables show it."""

    method: Method
    mode: Mode
    course: Course | None
    quality: str
    bounds: str
    step: str
    against_first: Comparison | None
    against_reference: Comparison | None


def rows(found: Tuning) -> list[Row]:
    """Every method in every mode."""
    return [_row(found, method, mode) for method in found.methods for mode in method.modes]


def headline(found: Tuning) -> str:
    """The whole answer in one sentence."""
    if found.status == "partial":
        return f"The {found.kind} was cut off."
    if found.verdict == "equivalent":
        if found.kind == "pretraining":
            return "Pretrained in both frameworks, step by step the same."
        return (
            "Fine-tuned from the same checkpoint in both frameworks: same accuracy within the "
            "seed spread, proof attached."
        )
    if found.verdict == "different":
        return "The trainings differ."
    return "Whether the trainings are the same was not decided."


def sentences(found: Tuning) -> list[str]:
    """What stands below the headline."""
    said = [_proof(found), *(_course(found, method) for method in found.methods)]
    said += [_adapters(found, method) for method in found.methods[1:]]
    return [sentence for sentence in said if sentence]


def quality_name(found: Tuning) -> str:
    """What the quality of a network is called."""
    return "perplexity" if found.kind == "pretraining" else "accuracy"


def quality(found: Tuning, value: float) -> str:
    """A quality as people read it: held-out losses as perplexities."""
    if found.kind == "pretraining":
        return numbers.plain(_perplexity(value), 4)
    return f"{value * 100:.1f}%"


def name_of(found: Tuning, label: str) -> str:
    """``PyTorch eager`` for ``torch/eager``."""
    modes = (mode for method in found.methods for mode in method.modes)
    return next((full_name(mode) for mode in modes if mode.label == label), label)


def unproven(found: Tuning) -> list[str]:
    """What is not as it should be, and why: for those who read on."""
    lines = []
    for row in rows(found):
        name = f"{row.method.name}, {full_name(row.mode)}"
        if row.mode.status != "ok":
            lines.append(f"{name}: {row.mode.status}. {row.mode.reason}".strip())
        if row.mode.proof:
            bad = (s for s in row.mode.proof.stages if s.verdict != "equivalent")
            lines += [f"{name}: {s.name} is {s.verdict}: {s.worst} {s.detail}" for s in bad]
        if row.course and row.course.verdict != "equivalent":
            lines.append(
                f"{name}: the losses are {row.course.verdict}; step {row.course.at} is "
                f"{numbers.multiple(row.course.ratio)} the rounding envelope, of which "
                f"{WITHIN:g}× are allowed."
            )
        if row.course and row.course.quality_verdict != "equivalent":
            lines.append(f"{name}: the {quality_name(found)} is {row.course.quality_verdict}.")
    return lines


def _row(found: Tuning, method: Method, mode: Mode) -> Row:
    ends = [one.quality[-1] for one in method.of(mode.label) if one.quality]
    arm = f"{method.name} {mode.label}"
    first = f"{found.methods[0].name} {mode.label}"
    bounds = f"[{quality(found, min(ends))}–{quality(found, max(ends))}]" if len(ends) > 1 else ""
    return Row(
        method,
        mode,
        next((course for course in method.courses if course.mode == mode.label), None),
        quality(found, fmean(ends)) if ends else numbers.MISSING,
        bounds,
        numbers.time(found.step_us.get(arm)),
        _comparison(found, arm, first),
        _comparison(found, arm, f"{method.name} {found.reference}"),
    )


def _comparison(found: Tuning, a: str, b: str) -> Comparison | None:
    return next((one for one in found.comparisons if (one.a, one.b) == (a, b)), None)


def _proof(found: Tuning) -> str:
    proven = [m for method in found.methods for m in method.modes if m.verdict]
    if not proven:
        return ""
    good = [m for m in proven if m.verdict == "equivalent"]
    if len(good) == len(proven):
        names = enumeration(dict.fromkeys(map(full_name, good)))
        what = "It is" if len(found.methods) == 1 else "Both ways of training are"
        return (
            f"{what} proven to be the same network in {names}, down to the gradients and the "
            "optimizer's steps."
        )
    return f"Proven in {len(good)} of {len(proven)}; the others are below."


def _course(found: Tuning, method: Method) -> str:
    """What became of one method: its quality in each mode, and its losses."""
    if not method.courses:
        return ""
    course = max(method.courses, key=lambda one: one.ratio)
    steps, seeds = len(course.deviation), len(method.of(found.reference))
    times = f"{steps} steps" if seeds == 1 else f"{steps} steps from each of {seeds} seeds"
    name = f"{method.name}, " if len(found.methods) > 1 else ""
    prefix = f"{name}{quality_name(found)}"
    return (
        f"{prefix[0].upper()}{prefix[1:]}: {_quality(found, method)}. Over {times}, no loss is "
        f"further off than {numbers.multiple(course.ratio)} the rounding envelope ({WITHIN:g}× are "
        "allowed)."
    )


def _quality(found: Tuning, method: Method) -> str:
    said = []
    for mode in method.modes:
        ends = [one.quality[-1] for one in method.of(mode.label) if one.quality]
        if ends:
            said.append(f"{quality(found, fmean(ends))} in {full_name(mode)}")
    if not said:
        return "not measured"
    if found.kind == "pretraining":
        return f"{enumeration(said)}, on held-out text"
    apart = max(course.apart for course in method.courses)
    what = "seeds differ" if len(method.of(found.reference)) > 1 else "rounding differs"
    return (
        f"{enumeration(said)}, {_points(apart)} apart at most where {what} by "
        f"{_points(method.courses[0].spread)}"
    )


def _points(fraction: float) -> str:
    """A difference in accuracy, in hundredths."""
    return "no points" if fraction < 5e-5 else f"{fraction * 100:.2g} points"


def _adapters(found: Tuning, method: Method) -> str:
    first = found.methods[0]
    share = method.trained / first.trained
    said = [
        f"{method.name} trains {numbers.count(method.trained)} of "
        f"{numbers.count(method.parameters)} parameters ({share * 100:.2g}% of what {first.name} "
        "trains)"
    ]
    for mode in method.modes:
        pair = _comparison(found, f"{method.name} {mode.label}", f"{first.name} {mode.label}")
        if pair:
            text, bounds = numbers.ratio_range(pair.ratio, pair.low, pair.high)
            said.append(f"a step takes {text} {bounds} of a full one in {full_name(mode)}")
    sentence = "; ".join(said) + "."
    if method.merged:
        moved = max(method.merged.values())
        sentence += f" Merged into plain weights, its outputs move by {moved:.0e} of the largest."
    return sentence


def _perplexity(value: float) -> float:
    try:
        return math.exp(-value)
    except OverflowError:
        return math.inf
