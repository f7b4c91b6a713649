"""What follows from the measurements: accuracy, break-even, the fairness gate."""

from __future__ import annotations

import numpy as np

from isograd.bench.training import time_to
from isograd.measure.stats import break_even
from isograd.result import Check, Mode, Result
from isograd.run.keeping_up import keeps_up
from isograd.training import LOSSES

LEARNED = 1.5
"""A classifier has learned something when it is this many times better than guessing."""

FIRST_LOSS = 1e-3
"""Relative agreement of the first epoch's mean loss that the fairness gate asks for."""

TARGET_SHARE = 0.98
"""Without a target from the user: this share of the reference's final quality."""


def conclude(result: Result, target: float | None, *, random_masks: bool) -> None:
    """Fills in what is derived from the rest of a result, whole or partial."""
    for mode in result.modes:
        if mode.curves:
            mode.accuracy = float(np.mean([curve.quality[-1] for curve in mode.curves]))
    _time_to_target(result, target)
    for mode in result.modes:
        _break_even(result, mode)
    result.fairness = _fairness(result, random_masks)


def _time_to_target(result: Result, target: float | None) -> None:
    reference = _find(result, result.reference)
    if target is None and reference and reference.accuracy is not None and reference.accuracy > 0:
        target = round(TARGET_SHARE * reference.accuracy, 3)
    result.training["target"] = target
    for mode in result.modes:
        if target is not None and mode.first_call_s is not None:
            mode.time_to_target_s = time_to(target, mode.curves, mode.first_call_s)


def _break_even(result: Result, mode: Mode) -> None:
    eager = _find(result, f"{mode.framework}/eager")
    if eager is None or eager is mode:
        return
    if None in (mode.first_call_s, eager.first_call_s) or not (mode.step_us and eager.step_us):
        return
    assert mode.first_call_s is not None
    assert eager.first_call_s is not None
    mode.break_even_steps = break_even(
        mode.first_call_s, mode.step_us.median, eager.first_call_s, eager.step_us.median
    )


def _find(result: Result, label: str) -> Mode | None:
    return next((mode for mode in result.modes if mode.label == label), None)


def _fairness(result: Result, random_masks: bool) -> list[Check]:
    """The conditions under which a winner may be named."""
    ran = [mode for mode in result.modes if mode.status == "ok"]
    return [
        _same_network(ran),
        _same_parameters(ran),
        _same_start(ran, random_masks),
        _learned(result, ran),
        Check(
            "no compilation while timing",
            all("compiled again" not in mode.reason for mode in result.modes),
            "the number of traces is read before and after every round",
        ),
        Check(
            "same batches, precision and threads",
            True,
            "one batch order, float32, threads set explicitly in every worker",
        ),
        keeps_up(result),
    ]


def _same_network(ran: list[Mode]) -> Check:
    odd = [mode.label for mode in ran if mode.verdict != "equivalent"]
    detail = (
        f"not proven equivalent: {', '.join(odd)}" if odd else "every mode is proven equivalent"
    )
    return Check("same network", not odd and bool(ran), detail)


def _same_parameters(ran: list[Mode]) -> Check:
    counts = {mode.proof.parameters for mode in ran if mode.proof}
    detail = f"{' and '.join(f'{c:,}' for c in sorted(counts))} trainable parameters"
    return Check("same number of parameters", len(counts) == 1, detail if counts else "not counted")


def _same_start(ran: list[Mode], random_masks: bool) -> Check:
    name = "same loss in the first epoch"
    losses = {mode.label: mode.curves[0].loss[0] for mode in ran if mode.curves}
    if not losses:
        return Check(name, False, "nothing was trained")
    low, high = min(losses.values()), max(losses.values())
    difference = (high - low) / max(abs(high), 1e-12)
    limit = 0.1 if random_masks else FIRST_LOSS
    reason = ", each framework draws its own dropout masks" if random_masks else ""
    return Check(name, difference <= limit, f"they differ by {difference:.1e} of it{reason}")


def _learned(result: Result, ran: list[Mode]) -> Check:
    name = "the network learned"
    classes = result.data.get("classes")
    qualities = {mode.label: mode.accuracy for mode in ran if mode.accuracy is not None}
    if not qualities:
        return Check(name, False, "nothing was trained")
    if not LOSSES[result.training["loss"]].name.endswith("cross_entropy"):
        fell = all(c.loss[-1] < c.loss[0] for mode in ran for c in mode.curves)
        return Check(
            name, fell, "the loss fell in every training" if fell else "a loss did not fall"
        )
    chance = 1.0 / max(int(classes or 2), 2)
    worst = min(qualities, key=qualities.__getitem__)
    limit = min(LEARNED * chance, (1.0 + chance) / 2)
    detail = f"worst accuracy {qualities[worst]:.3f} ({worst}), guessing gives about {chance:.2f}"
    return Check(name, qualities[worst] > limit, detail)
