"""What is asked, each question in a file of its own, with the rule that makes the answer."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from isograd.errors import unknown
from isograd.probes.question import Question

NAMES = (
    "python-at-each-step",
    "branches-on-data",
    "loops-on-data",
    "lengths-vary",
    "shape-errors-point",
    "broadcasting-is-caught",
    "nan-is-located",
    "in-place-is-safe",
    "custom-gradients",
    "second-derivatives",
    "per-sample-gradients",
    "jacobians",
    "inner-values-seen",
    "runs-repeat",
    "forks-and-spawns",
    "memory-stays-flat",
    "graph-before-run",
    "loads-without-code",
    "runs-without-python",
)
"""In the order in which they are asked."""


def questions(names: Sequence[str] = ()) -> list[Question]:
    """The questions of these names, in `NAMES`' order; all without any. Raises `UsageError` for an
    unknown name."""
    for name in names:
        if name not in NAMES:
            raise unknown("probe", name, NAMES)
    return [_question(name) for name in NAMES if not names or name in names]


def _question(name: str) -> Question:
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    found: Question = module.QUESTION
    return found
