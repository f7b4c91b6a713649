"""From observations to verdicts: deviations in multiples of the measured rounding envelope.

The envelope of a tensor is how far the reference itself moves when its inputs and parameters are
disturbed by one unit in the last place. Two implementations of the same function round in different
places, so that they differ by a small multiple of it; a semantic difference is orders of magnitude
larger, as float64 has about nine digits to spare over any constant that people mistype.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isograd.ir.mapping import Array, Arrays
from isograd.proof.observe import is_slot
from isograd.result import SAME, Stage, Verdict

OTHER = 1024.0
"""From this multiple on they are not; between the two the answer is `inconclusive`."""

TAME = 1e3
"""Up to this amplification of rounding, multiples of the envelope mean what they say. Beyond it (a
training that is chaotic), `OTHER` is raised in proportion: two correct runs then drift apart by
more than any fixed multiple."""

TOO_WIDE = 1e-5
"""An envelope wider than this fraction of the tensor's scale would hide a real difference."""

DIVERGED = 1e30
"""Values beyond this are on their way out of the range of floating point, where implementations
saturate differently; they prove nothing."""

NEGLIGIBLE = 1e-8
"""A tensor smaller than this fraction of its kind is judged by its kind's scale."""

IDLE = 1e4
"""A gradient below this many roundings of the largest gradient is no gradient."""

FLOAT32_SAME, FLOAT32_OTHER = 10.0, 100.0
"""float32 agrees when the twin loses less than one decimal digit more than the reference does, and
differs when it loses two: whatever then runs is not float32 arithmetic on these numbers."""

FLOAT32_FINE = 1e-5
"""A relative distance that float32 may have whatever the reference's own is: PyTorch adds up many
sums in float64 inside, while a float32 sum of n terms errs by some sqrt(n) roundings of 6e-8
(Higham, Accuracy and Stability of Numerical Algorithms, section 4.2). Shorter formats round by 5e-4
(TF32) and 4e-3 (bfloat16)."""

SEVERITY: dict[Verdict, int] = {
    "equivalent": 0,
    "inconclusive": 1,
    "unsupported": 2,
    "different": 3,
}


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The most serious of some verdicts; `equivalent` if there are none."""
    return max(verdicts, key=SEVERITY.__getitem__, default="equivalent")


@dataclass(frozen=True)
class Deviation:
    """How far one tensor of the twin is from the reference's."""

    tensor: str
    verdict: Verdict
    max_abs: float
    max_rel: float
    envelope: float
    ratio: float
    detail: str = ""


def judge(name: str, reference: Arrays, twin: Arrays, disturbed: Sequence[Arrays]) -> Stage:
    """One stage's verdict in float64. ``disturbed`` are the reference's disturbed observations."""
    if reference.keys() != twin.keys():
        return _only_on_one_side(name, reference, twin)
    natural = natural_scales(reference)
    return summarize(
        name,
        [
            deviation(
                tensor,
                value,
                twin[tensor],
                [other[tensor] for other in disturbed],
                natural[tensor],
            )
            for tensor, value in reference.items()
        ],
    )


def _only_on_one_side(name: str, reference: Arrays, twin: Arrays) -> Stage:
    odd = min(reference.keys() ^ twin.keys())
    return Stage(name, "different", np.inf, np.inf, 0.0, np.inf, odd, "only one side has it")


def natural_scales(arrays: Arrays) -> dict[str, float]:
    """For each tensor the largest magnitude among those of its kind in the stage.

    A gradient that is zero but for rounding (of a bias before batch normalization, say) has no
    scale of its own: what its rounding is to be held against is the size of what cancelled.
    """
    kinds: dict[str, float] = {}
    for tensor, array in arrays.items():
        finite = np.abs(array[np.isfinite(array)])
        kind = _kind(tensor)
        kinds[kind] = max(kinds.get(kind, 0.0), float(finite.max(initial=0.0)))
    return {tensor: kinds[_kind(tensor)] for tensor in arrays}


def _kind(tensor: str) -> str:
    """Optimizer slots are of the kind of their slot, everything else is of one kind."""
    return tensor.split(" of ")[0] if is_slot(tensor) else ""


def idle(gradients: Arrays) -> tuple[str, ...]:
    """Parameters whose gradient is zero up to rounding, such as a bias before batch normalization.
    Adaptive optimizers divide that rounding by itself, so that their steps are random on every
    side.
    """
    natural = natural_scales(gradients)
    return tuple(
        name
        for name, value in gradients.items()
        if _largest(value) <= IDLE * np.finfo(np.float64).eps * natural[name]
    )


def summarize(name: str, deviations: Sequence[Deviation]) -> Stage:
    """A stage from its tensors: the most serious verdict, at the largest ratio."""
    if not deviations:
        return Stage(name, "equivalent", 0.0, 0.0, 0.0, 0.0, "", "nothing to compare")
    top = max(deviations, key=lambda d: (SEVERITY[d.verdict], d.ratio))
    return Stage(
        name,
        top.verdict,
        max_abs=max(d.max_abs for d in deviations),
        max_rel=max(d.max_rel for d in deviations),
        envelope=top.envelope,
        ratio=top.ratio,
        worst=top.tensor,
        detail=top.detail or f"{len(deviations)} tensors",
    )


def deviation(
    tensor: str,
    reference: Array,
    twin: Array,
    disturbed: Sequence[Array],
    natural: float = 0.0,
) -> Deviation:
    """One tensor's deviation and verdict in float64; for ``natural`` see `natural_scales`."""
    broken = _shapes_or_numbers(tensor, reference, twin, natural)
    if broken:
        return broken
    scale = _largest(reference)
    floor = _floor(np.float64, scale, natural)
    envelope = max([floor, *(_largest(other - reference) for other in disturbed)])
    distance = _largest(twin - reference)
    ratio = distance / envelope
    verdict: Verdict = "equivalent"
    detail = ""
    amplified = envelope / floor
    if ratio > OTHER * max(1.0, amplified / TAME):
        verdict = "different"
    elif ratio > SAME:
        verdict, detail = "inconclusive", "between rounding and a real difference"
    elif envelope > max(floor, TOO_WIDE * max(scale, NEGLIGIBLE * natural)):
        verdict, detail = "inconclusive", "the rounding envelope is too wide to tell"
    relative = distance / scale if scale else float(distance > 0)
    return Deviation(tensor, verdict, distance, relative, envelope, ratio, detail)


def judge_float32(
    exact: Arrays, reference: Sequence[Arrays], twin: Arrays, name: str = "float32"
) -> Stage:
    """Whether the twin's float32 is as close to float64 as the reference's own.

    ``exact`` is the reference in float64, ``reference`` its float32 runs (as it is, and disturbed
    by one unit in the last place of float32). Distances are root mean squares here.
    """
    if exact.keys() != twin.keys():
        return _only_on_one_side(name, exact, twin)
    natural = natural_scales(exact)
    return summarize(
        name,
        [
            _float32(
                tensor, value, [run[tensor] for run in reference], twin[tensor], natural[tensor]
            )
            for tensor, value in exact.items()
        ],
    )


def _floor(precision: type[np.floating[Any]], scale: float, natural: float) -> float:
    """Rounding that no measurement needs to show: of the value itself, and of what cancelled."""
    limits = np.finfo(precision)
    return float(limits.eps) * (2 * scale + natural) + float(limits.tiny)


def _float32(
    tensor: str, exact: Array, reference: Sequence[Array], twin: Array, natural: float
) -> Deviation:
    broken = _shapes_or_numbers(tensor, exact, twin, natural)
    if broken:
        return broken
    scale = _rms(exact)
    own = max([_floor(np.float32, scale, natural), *(_rms(run - exact) for run in reference)])
    distance = _rms(twin - exact)
    ratio = distance / own
    verdict: Verdict = "equivalent"
    if distance > FLOAT32_FINE * max(scale, NEGLIGIBLE * natural):
        if ratio > FLOAT32_OTHER:
            verdict = "different"
        elif ratio > FLOAT32_SAME:
            verdict = "inconclusive"
    relative = distance / scale if scale else float(distance > 0)
    detail = "distance to float64, over the reference's own"
    return Deviation(tensor, verdict, distance, relative, own, ratio, detail)


def _shapes_or_numbers(
    tensor: str, reference: Array, twin: Array, natural: float
) -> Deviation | None:
    """The deviation of tensors whose difference means nothing."""
    if reference.shape != twin.shape:
        detail = f"shape {reference.shape} against {twin.shape}"
        return Deviation(tensor, "different", np.inf, np.inf, 0.0, np.inf, detail)
    if not np.isfinite(reference).all() or _largest(reference) > DIVERGED:
        detail = "the reference itself has diverged"
        return Deviation(tensor, "inconclusive", np.nan, np.nan, np.nan, np.inf, detail)
    if not np.isfinite(twin).all() and natural > DIVERGED:
        detail = "its neighbours have diverged in the reference"
        return Deviation(tensor, "inconclusive", np.nan, np.nan, np.nan, np.inf, detail)
    if not np.isfinite(twin).all():
        detail = "the twin is not finite where the reference is"
        return Deviation(tensor, "different", np.inf, np.inf, 0.0, np.inf, detail)
    return None


def _rms(array: Array) -> float:
    """Root mean square: one activation that fell on the other side of a kink moves little of it."""
    return float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0


def _largest(array: Array) -> float:
    return float(np.abs(array).max(initial=0.0))
