"""Does memory stay flat in a long loop?"""

from __future__ import annotations

from isograd.notation import numbers
from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import failed, quoted

FLAT = 2048.0
"""Bytes a step: what an allocator keeps for itself is less, a graph that is kept is more."""

LOOPS = ("tensors", "numbers")


def judge(observed: Observed) -> Finding:
    flat = [_flat(observed[name]) for name in LOOPS]
    said = " ".join(_told(name, observed[name], observed["steps"]) for name in LOOPS)
    return ("yes" if all(flat) else "partly" if any(flat) else "no"), said


def _flat(loop: Observed) -> bool:
    return not failed(loop) and loop["value"] < FLAT


def _told(name: str, loop: Observed, steps: int) -> str:
    what = "Tensors as arguments" if name == "tensors" else "A Python number that changes"
    if failed(loop):
        return f"{what}: {quoted(loop)}."
    grown = numbers.size(max(loop["value"], 0.0))
    return f"{what}: {'flat, ' if _flat(loop) else ''}{grown} a step over {steps} steps."


QUESTION = Question(
    "memory-stays-flat",
    "memory stays flat",
    "The resident memory of the process over 500 steps, after 50 that are not counted; once with "
    "tensors as arguments, once with a Python number that changes in each step. Flat is below 2 "
    "KiB a step. Yes: both are flat; partly: one is; no: neither.",
    judge,
)
